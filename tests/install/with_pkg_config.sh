#!/bin/sh
# with_pkg_config.sh PREFIX COMPILER: builds the consumer by one plain compiler call with the flags of
# attnscope.pc, and runs it.
set -eu
prefix=$1
compiler=$2
here=$(cd "$(dirname "$0")" && pwd)

pc=$(find "$prefix" -name attnscope.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
libdir=$(pkg-config --variable=libdir attnscope)
# shellcheck disable=SC2046  # the flags are a list of words
"$compiler" -std=c++17 -o "$prefix/consumer" "$here/consumer/main.cpp" \
  $(pkg-config --cflags --libs attnscope) -Wl,-rpath,"$libdir"
"$prefix/consumer" "$prefix/v.npz"
