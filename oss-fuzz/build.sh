#!/bin/bash -eu
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them: for the engine,
# sanitizer and architecture that the builder image's environment names, into $OUT,
# each with seeds, dictionary and options. The source is in $SRC/rmapdiff.

source_dir=$SRC/rmapdiff
# Dictionary and length of each target.
. "$source_dir/scripts/run.sh"

# The seeds come from corpus/ by way of the command, which is built for this machine
# and without what $CFLAGS ask for: an instrumented one would want an engine.
env -u CFLAGS -u CXXFLAGS -u LDFLAGS -u LIB_FUZZING_ENGINE CC=clang CXX=clang++ \
  cmake -S "$source_dir" -B "$WORK/host" -DCMAKE_BUILD_TYPE=Release \
  -DRMAPDIFF_WERROR=OFF -DRMAPDIFF_KERNEL=OFF
cmake --build "$WORK/host" --parallel "$(nproc)" --target seeds

# No build type: optimisation and debug information are in $CFLAGS. CMake takes $CC,
# $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE from the environment. Warnings of
# a compiler that is not ours to choose are not errors.
cmake -S "$source_dir" -B "$WORK/fuzz" -DCMAKE_BUILD_TYPE=None \
  -DLIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" -DRMAPDIFF_WERROR=OFF
cmake --build "$WORK/fuzz" --parallel "$(nproc)" --target fuzz_targets

for target in "$WORK"/fuzz/fuzz_*; do
  [[ -f $target && -x $target ]] || continue
  name=$(basename "$target")
  ! needs_environment "$name" || continue
  cp "$target" "$OUT/$name"
  cp "$source_dir/$(dictionary "$name")" "$OUT/$name.dict"
  printf '[libfuzzer]\nmax_len = %s\n' "$(max_len "$name")" >"$OUT/$name.options"
  rm -f "$OUT/${name}_seed_corpus.zip"
  zip -q -j -r "$OUT/${name}_seed_corpus.zip" "$WORK/host/seeds/$name"
done
