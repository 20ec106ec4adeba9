#!/bin/sh
# What `make build` configures needs nothing that only the tests need: where no Python has NumPy, it
# configures all the same.
#
#     configure_without_numpy.sh SOURCE EMPTY_FOLDER
set -eu
source=$1
folder=$2

rm -rf "$folder"
mkdir -p "$folder/without"
echo 'raise ImportError("hidden from this test")' >"$folder/without/numpy.py"

cd "$source"
unset MAKEFLAGS MAKELEVEL
configure=$(make --dry-run build | grep 'cmake --preset')
PYTHONPATH="$folder/without" sh -c "$configure -B '$folder/build'" >"$folder/log" 2>&1 || {
  cat "$folder/log"
  exit 1
}
