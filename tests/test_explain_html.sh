#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# test_explain_html.sh RMAPDIFF SOURCE_DIR: the page of explain --html in a real browser, without a screen: it shows,
# keys, buttons, links, fragments and filters work, and it asks nobody for anything.
set -u
source=$(realpath "$2")
browser=
for name in ${RMAPDIFF_BROWSER:-chromium chromium-browser google-chrome}; do
	! command -v "$name" >/dev/null || { browser=$name && break; }
done
[ -n "$browser" ] || { echo "no chromium"; exit 77; }
. "$(dirname "$0")/cli.sh"

# What the browser makes of a page, after its scripts have run, in dom.
browse() {
	timeout 3600 "$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --disable-extensions --disable-dev-shm-usage \
		--host-resolver-rules="MAP * ~NOTFOUND" \
		--user-data-dir="$dir/profile" --log-net-log="$dir/net.json" --virtual-time-budget=3000 \
		--dump-dom "$1" >dom 2>err
}

is() {
	grep -qxF -e "$1" results || fail "expected '$1'"
}

# drive PAGE: the page with a script that uses it as one does; what it saw is in results.
drive() {
	sed '$d' "$1" | sed '$d' >driven.html
	cat >>driven.html <<'SCRIPT'
<script>
var blocked = 0;
document.addEventListener('securitypolicyviolation', function () { blocked++ });
addEventListener('load', function () {
	var lines = [];
	function say(what, value) { lines.push(what + ': ' + value) }
	function shown() {
		return [].filter.call(document.querySelectorAll('.step'), function (s) { return s.offsetHeight > 0 })
			.map(function (s) { return s.dataset.nr }).join(',');
	}
	function current() {
		return [].map.call(document.querySelectorAll('nav a[aria-current]'),
			function (a) { return a.hash }).join(',');
	}
	function key(name) {
		document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
	}
	function visible(section) {
		return [].filter.call(document.querySelectorAll('.step.now .sec'), function (s) {
			return s.dataset.section === section && s.offsetHeight > 0 }).length;
	}
	function press(id) { document.getElementById(id).click() }
	say('start', shown() + ' ' + current());
	key('Home'); say('Home', shown() + ' ' + current() + ' ' + location.hash);
	say('first is off', document.getElementById('first').disabled && document.getElementById('prev').disabled);
	key('ArrowLeft'); say('left of the first', shown());
	key('ArrowRight'); say('right', shown() + ' ' + current() + ' ' + location.hash);
	key('ArrowRight'); key('ArrowLeft'); say('right, left', shown());
	key('End'); say('End', shown());
	key('ArrowRight'); say('right of the last', shown());
	say('last is off', document.getElementById('last').disabled && document.getElementById('next').disabled);
	press('first'); say('first', shown());
	press('next'); press('next'); say('next, next', shown());
	press('prev'); say('back', shown());
	press('last'); say('last', shown());
	document.querySelectorAll('nav a')[2].click(); say('third link', shown() + ' ' + location.hash);
	say('where', document.getElementById('where').textContent);
	say('folios', visible('folios'));
	var box = document.querySelector('input[data-section=folios]');
	box.click(); say('folios off', visible('folios') + ' ' + visible('vmas'));
	box.click(); say('folios on', visible('folios'));
	function same() {
		return [].filter.call(document.querySelectorAll('.step.now .same'), function (l) {
			return l.offsetHeight > 0 && l.closest('.sec').dataset.section !== 'vmas' }).length > 0;
	}
	key('End'); say('unchanged lines', same());
	press('changes'); say('only changes', same());
	press('changes'); say('all again', same());
	var vma = document.querySelector('.step.now .t');
	vma.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
	say('lit', document.querySelectorAll('.step.now .t.hit').length > 1);
	location.hash = '#step=4';
	setTimeout(function () {
		say('fragment', shown() + ' ' + current());
		say('resources', performance.getEntriesByType('resource').length);
		say('blocked', blocked);
		say('wide', document.documentElement.scrollWidth <= innerWidth);
		var pre = document.createElement('pre');
		pre.id = 'results';
		pre.textContent = '\n' + lines.join('\n') + '\n';
		document.body.append(pre);
	}, 200);
});
</script>
</body>
</html>
SCRIPT
	browse "file://$dir/driven.html${2:-}"
	sed -n '/<pre id="results">/,/<\/pre>/p' dom | sed 's/&gt;/>/g' >results
	[ -s results ] || fail "$1: the script did not come to its end"
}

"$rmapdiff" explain --html -o page.html "$source/corpus/thread/c-remaps-both-kinds.rmap" || fail "no page"
tail -n 2 page.html | tr -d '\n' | grep -q '^</body></html>$' || fail "the page does not end as the test expects"
drive page.html
is 'start: 1 #step=1'
is 'Home: 1 #step=1 #step=1'
is 'first is off: true'
is 'left of the first: 1'
is 'right: 2 #step=2 #step=2'
is 'right, left: 2'
is 'End: 10'
is 'right of the last: 10'
is 'last is off: true'
is 'first: 1'
is 'next, next: 3'
is 'back: 2'
is 'last: 10'
is 'third link: 3 #step=3'
is 'where: 3 / 10'
is 'folios: 1'
is 'folios off: 0 1'
is 'folios on: 1'
is 'unchanged lines: true'
is 'only changes: false'
is 'all again: true'
is 'lit: true'
is 'fragment: 4 #step=4'
is 'resources: 0'
is 'blocked: 0'
is 'wide: true'

# By a fragment, as a mail would link to it.
browse "file://$dir/page.html#step=6"
grep -q '<section class="step now" data-nr="6"' dom || fail "#step=6 does not show step 6"
[ "$(grep -c 'class="step now"' dom)" = 1 ] || fail "expected one step shown"

# What the browser asked of the network, but for what it always asks its makers: the file, nothing else.
grep -o '"url":"[^"]*"' net.json | sort -u >all_asked
grep -vE '"url":"(file:|data:|chrome|devtools:|about:|blob:|https?://[a-z0-9.]*\.(google|googleapis|gvt1)\.com/)' \
	all_asked >asked
[ ! -s asked ] || { cat asked; fail "the browser asked for something"; }
# (That would be seen:)
echo '<img src="http://asked.invalid/x.png">' >asks.html
browse "file://$dir/asks.html"
grep -q '"url":"http://asked.invalid/x.png"' net.json || fail "the browser's log of requests is not understood"
# Nothing in it could: no address, no import, no frame.
! grep -nE 'https?://|//[a-z]+\.|@import|url\(|<(img|iframe|object|embed|audio|video)|src=|XMLHttpRequest|fetch\(|WebSocket' \
	page.html || fail "the page names something to load"

# Where it diverges is where it begins; in a page of its own after the last operation.
printf 'mmap A 0x10 2 rw\nwrite A 0x10 2\nfork A B\nmremap B 0x10 2 2 to=0x40\nread A 0x10\n' >moved.rmap
"$rmapdiff" explain --bug remap-not-recorded-at-move --html -o diverged.html moved.rmap
[ $? = 1 ] || fail "expected exit status 1"
browse "file://$dir/diverged.html"
grep -q '<section class="step now" data-nr="4" data-diverged' dom || fail "does not begin where it diverges"
grep -q 'does not find folios 1-2 here' diverged.html || fail "the divergence is not pointed at"
"$rmapdiff" explain --pure --html -o pure.html "$source/corpus/thread/c-remaps-both-kinds.rmap" || fail "no page"
browse "file://$dir/pure.html#step=2"
grep -q '<h3>the machine of cow_context</h3>' dom || fail "pure: expected each machine"

# Text from a file stays text.
printf '# <script>alert(1)</script> & "x"\nmmap A 0 1 rw # </span><b>bold\n' >'a<b>.rmap'
"$rmapdiff" explain --html -o text.html 'a<b>.rmap' || fail "no page"
[ "$(grep -c '<script>' text.html)" = 1 ] && ! grep -q '<b>' text.html || fail "text of the file is taken for markup"

# A long scenario: the last steps, and that is said.
"$rmapdiff" gen random --seed 1 --ops 600 --procs 3 >long.rmap
"$rmapdiff" explain --html -o long.html long.rmap || fail "no page"
grep -q 'Steps 1 to 100 are left out' long.html || fail "nothing says what is left out"
[ "$(grep -c '<section class="step"' long.html)" = 500 ] || fail "expected 500 steps"

"$browser" --version
finish
