#!/bin/bash -eu
# SPDX-License-Identifier: GPL-2.0-only
# The same image, environment and layout as OSS-Fuzz, so the same build.
exec "$SRC/rmapdiff/oss-fuzz/build.sh"
