// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that last from one snapshot to the next.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "snapshot.h"

/* The keys of @ids by number, from 1; NULL when memory is out. */
static const void **keys_by_number(const struct snap_ids *ids, u32 nr)
{
	const void **keys = calloc((size_t)nr + 1, sizeof(*keys));

	for (u32 i = 0; keys && i < ids->cap; i++)
		if (ids->keys[i] && ids->values[i] <= nr)
			keys[ids->values[i]] = ids->keys[i];
	return keys;
}

static void free_ids(struct snap_ids *ids)
{
	free(ids->keys);
	free(ids->values);
	memset(ids, 0, sizeof(*ids));
}

/*
 * Names those that @ids has numbered, 1 to @nr, in @given; @names are then the
 * names of these alone.
 */
static int name_all(const struct snap_ids *ids, u32 nr, struct snap_ids *names,
		    u32 *nr_names, u32 *given)
{
	const void **keys = keys_by_number(ids, nr);
	struct snap_ids now = { .cap = 0 };
	int err = keys ? 0 : -ENOMEM;

	for (u32 i = 1; i <= nr && !err; i++) {
		u32 name = snap_ids_get(names, keys[i]);

		given[i - 1] = name ? name : ++*nr_names;
		if (!snap_ids_put(&now, keys[i], given[i - 1]))
			err = -ENOMEM;
	}
	free(keys);
	free_ids(names);
	*names = now;
	return err;
}

int snapshot_name(struct snapshot *snap, struct snap_names *names)
{
	u32 nr_anon_vmas = snap->anon_vmas.nr, nr_folios = snap->folios.nr;
	u32 *given =
		calloc((size_t)nr_anon_vmas + nr_folios + 1, sizeof(*given));
	int err = given ? 0 : -ENOMEM;

	if (!err)
		err = name_all(&snap->anon_vma_ids, nr_anon_vmas,
			       &names->anon_vmas, &names->nr_anon_vmas, given);
	for (u32 i = 0; i < nr_anon_vmas && !err; i++)
		snap->anon_vmas.v[i].name = given[i];
	if (!err)
		err = name_all(&snap->folio_ids, nr_folios, &names->folios,
			       &names->nr_folios, given);
	for (u32 i = 0; i < nr_folios && !err; i++)
		snap->folios.v[i].name = given[i];
	free(given);
	return err;
}

void snap_names_free(struct snap_names *names)
{
	free_ids(&names->anon_vmas);
	free_ids(&names->folios);
}
