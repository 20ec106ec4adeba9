#!/bin/sh
# with_tools.sh PREFIX VERSION: every installed tool starts, from another folder, with nothing in the
# environment; and attn-compute, however it is called, reads an npz file, for which it has to find the module among the
# installed libraries, and refuses one that is cut off, for which it has to catch what the module throws.
set -eu
prefix=$1
version=$2

cd /
for tool in "$prefix"/bin/*; do
  env -i "$tool" --version | grep -F "$version" >/dev/null || {
    echo "$tool --version does not name $version" >&2
    exit 1
  }
  if env -i LD_TRACE_LOADED_OBJECTS=1 "$tool" | grep -F libattnscope; then
    echo "$tool loads the library, which it has inside" >&2
    exit 1
  fi
done

grep -q '"verdict"' "$prefix/share/attnscope/verify.schema.json"

ln -sf "$prefix/bin/attn-compute" "$prefix/linked"
head -c 60 "$prefix/v.npz" >"$prefix/cut.npz"

# sdpa HOW FILE: q·k = 0 for both keys, so both weigh 1/2: the values 2 and 6 mix to 4.
sdpa() {
  env -i PATH="$prefix/bin" "$1" sdpa --query '[[0]]' --key '[[1],[2]]' --value "$2" --steps output --matrix --format csv
}
for how in "$prefix/bin/attn-compute" attn-compute "$prefix/linked"; do
  found=$(sdpa "$how" "$prefix/v.npz:v" | tail -n 1 | tr -d '\r')
  if [ "$found" != 4 ]; then
    echo "$how: expected the output 4, found '$found'" >&2
    exit 1
  fi
  code=0
  problem=$(sdpa "$how" "$prefix/cut.npz" 2>&1) || code=$?
  if [ "$code" != 3 ]; then
    echo "$how: a file that is cut off: expected exit 3, found $code: $problem" >&2
    exit 1
  fi
done
