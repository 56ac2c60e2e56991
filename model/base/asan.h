/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telling AddressSanitizer what must not be touched; nothing without it.
 */
#ifndef RMAPDIFF_BASE_ASAN_H
#define RMAPDIFF_BASE_ASAN_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN
#endif
#if __has_feature(memory_sanitizer)
#define HAVE_MSAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN
#endif

#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

#endif
