#!/bin/sh
# with_tools.sh PREFIX VERSION: every installed tool starts, from another folder, with nothing in the
# environment; and attn-compute reads an npz file, for which it has to find the module beside the library.
set -eu
prefix=$1
version=$2

cd /
for tool in "$prefix"/bin/*; do
  env -i "$tool" --version | grep -F "$version" >/dev/null || {
    echo "$tool --version does not name $version" >&2
    exit 1
  }
done

# q·k = 0 for both keys, so both weigh 1/2: the values 2 and 6 mix to 4.
found=$(env -i "$prefix/bin/attn-compute" sdpa --query '[[0]]' --key '[[1],[2]]' --value "$prefix/v.npz:v" \
          --steps output --matrix --format csv | tail -n 1 | tr -d '\r')
if [ "$found" != 4 ]; then
  echo "expected the output 4, found '$found'" >&2
  exit 1
fi
