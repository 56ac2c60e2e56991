// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "rmaps.h"

const struct rmap_ops *const all_rmaps[] = {
	&anon_vma_rmap_ops,	 &cow_context_rmap_ops,
	&cow_poc_rmap_ops,	 &cow_seqcount_rmap_ops,
	&cow_rwlock_rmap_ops,	 &cow_mmap_trylock_rmap_ops,
	&cow_mmap_lock_rmap_ops, &cow_ordered_rmap_ops,
	&cow_tolerant_rmap_ops,	 NULL,
};

const struct rmap_ops *rmap_ops_find(const char *name)
{
	for (size_t i = 0; all_rmaps[i]; i++)
		if (!strcmp(all_rmaps[i]->name, name))
			return all_rmaps[i];
	return NULL;
}

bool rmap_has_bug(const struct rmap_ops *ops, enum bug bug)
{
	enum bug_owner owner = bug_owner(bug);

	return owner == BUG_OF_MM || owner == ops->bugs;
}
