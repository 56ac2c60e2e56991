# SPDX-License-Identifier: GPL-2.0-only
#
# From what kbuild made of a tree to programs: the glue, the partial link, names
# hidden, the last link.  scripts/tree runs it in the build's directory, with
#
#	GLUE	where rmapdiff's tree/ is
#	HOST	where our side was compiled
#	FLAGS	for the glue, beyond those of mm/rmap.o: the tree's features

llvm := /usr/lib/llvm-19
objects := $(patsubst %,glue/%.o,enter look ops walks wraps)
# A tree with mm/cow_context.c: see adapt/cow_context.c.
contexts := $(shell grep -o TREE_HAS_COW_CONTEXT glue/flags)
objects += $(if $(contexts),glue/adapt_cow_context.o)
libs := $(wildcard lib/lib.a arch/x86/um/lib.a arch/x86/lib/lib.a arch/um/lib/lib.a)
host := $(HOST)/tree/librmaptree.a $(HOST)/librmapsubject.a $(HOST)/librmapmodel.a
fuzzer = $(shell clang-19 --print-file-name=lib/linux/libclang_rt.fuzzer_no_main-x86_64.a)

# What takes the place of the tree's own: see glue/wraps.c. UML's are malloc, free and calloc.
wraps := init_new_context destroy_context flush_tlb_mm should_failslab should_fail_alloc_page \
	kmem_cache_prefill_sheaf kmem_cache_refill_sheaf \
	stack_trace_save os_dump_core os_alarm_process malloc free calloc \
	__kasan_slab_alloc __kasan_slab_free __kasan_unpoison_pages __kasan_poison_pages stack_depot_save_flags
wraps += $(if $(contexts),mm_init_cow_context kfree kvfree_call_rcu krealloc_noprof krealloc_node_align_noprof)

# GNU ld: lld puts data that is written until init is over into a read-only segment.
link := clang++-19 -no-pie -fuse-ld=bfd -Wl,-z,noexecstack -Wl,-z,norelro -Wl,--no-warn-rwx-segments \
	-Wl,--script=arch/um/kernel/vmlinux.lds
system := -lutil -lrt -lpthread -lm

all: tree_run fuzz_tree

glue/%.o: $(GLUE)/glue/%.c glue/flags
	clang-19 @glue/flags -MMD -c -o $@ $<

glue/adapt_%.o: $(GLUE)/adapt/%.c glue/flags
	clang-19 @glue/flags -MMD -c -o $@ $<

-include $(objects:.o=.d)

kernel.o: vmlinux.a init/version-timestamp.o $(objects) $(libs) $(GLUE)/glue/entries $(GLUE)/link.mk
	$(llvm)/bin/ld.lld -r -o $@.tmp $(wraps:%=--wrap=%) --whole-archive vmlinux.a init/version-timestamp.o \
		$(objects) --no-whole-archive $(libs)
	$(llvm)/bin/llvm-objcopy --keep-global-symbols=$(GLUE)/glue/entries $@.tmp $@
	rm -f $@.tmp

tree_run: kernel.o $(HOST)/tree/librmaptree_run.a $(host)
	$(link) -o $@.tmp kernel.o -Wl,--whole-archive $(HOST)/tree/librmaptree_run.a -Wl,--no-whole-archive $(host) \
		$(system)
	mv $@.tmp $@

fuzz_tree: kernel.o $(HOST)/tree/librmaptree_fuzz.a $(host)
	$(link) -o $@.tmp kernel.o -Wl,--whole-archive $(HOST)/tree/librmaptree_fuzz.a -Wl,--no-whole-archive $(host) \
		$(fuzzer) $(system)
	mv $@.tmp $@
