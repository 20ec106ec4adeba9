#!/bin/sh
# install_and_move.sh BUILD PREFIX PYTHON: installs the build, then moves the installed tree to PREFIX, so
# that whatever is tested there cannot depend on where it was installed to; checks that no installed file
# names the build folder, and only the notebooks' first header the folder it was installed to (pragmas of cling
# take literals); and writes PREFIX/v.npz, the consumer's input.
set -eu
build=$1
prefix=$2
python=$3
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$prefix" "$prefix.first"
cmake --install "$build" --prefix "$prefix.first" >/dev/null
mv "$prefix.first" "$prefix"
if grep -rF "$build" "$prefix" | grep -vF "$prefix.first"; then
  echo "the installed files above name the build folder $build" >&2
  exit 1
fi
if grep -rlF "$prefix.first" "$prefix" | grep -v '/attn/notebook/installed\.hpp$'; then
  echo "the installed files above name the folder they were first installed to" >&2
  exit 1
fi
if grep -rl nlohmann "$prefix/include" | grep -v '/attn/notebook/display\.hpp$'; then
  echo "of the installed headers only display.hpp may need nlohmann-json, not those above" >&2
  exit 1
fi
"$python" "$here/make_npz.py" "$prefix/v.npz"
