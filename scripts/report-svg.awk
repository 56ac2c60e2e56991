# SPDX-License-Identifier: GPL-2.0-only
# gnuplot's SVG without what its version is, and with the page's colour instead of black: light on dark, dark on light.
/^<\?xml/ || /^<!DOCTYPE/ || /^ *"http:.*svg11\.dtd">/ || /^<desc>/ || /^<title>/ { next }
/<svg/ { in_svg = 1 }
{
	gsub(/rgb\( *0, *0, *0\)/, "currentColor")
	gsub(/'black'/, "'currentColor'")
	gsub(/"black"/, "\"currentColor\"")
	sub(/[ \t]+$/, "")
}
NF == 0 { next }
{ print }
in_svg && />/ {
	print "<style>svg { color: #222; } @media (prefers-color-scheme: dark) { svg { color: #ddd; } }</style>"
	in_svg = 0
}
