#!/bin/sh
# What attention does, in six commands. Run it from anywhere; it needs the built attn-compute
# (`make demo` builds it first), or another one named in ATTN_COMPUTE.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cd "$here/.."
tool=${ATTN_COMPUTE:-$PWD/build/release/tools/attn-compute}
if [ ! -x "$tool" ]; then
  echo "demo.sh: $tool is missing; build it first with: make demo" >&2
  exit 4
fi
PATH=$(dirname -- "$tool"):$PATH
LC_ALL=C
export PATH LC_ALL

say() {
  printf '\n'
  printf '%s\n' "$@"
}
show() {
  printf '\n$ %s\n\n' "$1"
  sh -c "$1"
}

say "1. Attention by hand: 3 queries compare themselves with 5 keys, and average what belongs to the" \
    "   keys they like. Two samples, random numbers (the same that PyTorch draws from seed 0)."
show "attn-compute dot"

say "2. Every number is also data. The weights of a query are shares: each row sums to one." \
    "   Here the same run goes out as CSV, and awk adds up the rows."
show "attn-compute dot -f csv | awk -F, '
    \$1 == \"weights\" { sum[\"sample \" \$2 \", query \" \$4] += \$6 }
    END { for (row in sum) printf \"%s: %.12f\\n\", row, sum[row] }' | sort"

say "3. A real module: nn.MultiheadAttention with 4 heads, trained in PyTorch to copy, at every position," \
    "   the content of its left neighbour. Its weights are read from a safetensors file. The second sample" \
    "   has only 4 real positions, the rest is padding. Look for the large weights left of the diagonal."
module="attn-compute mha --weights data/torch-mha/module.safetensors --heads 4 \\
    --input data/torch-mha/x.npy --valid-lens 6,4 --steps weights"
show "$module"

say "4. Did it learn the task? For each query of head 0 in the first sample: its strongest key." \
    "   Position 0 has no left neighbour, and training asked nothing of it."
show "$module -f csv |
    awk -F, '\$2 == 0 && \$3 == 0' | sort -t, -k4,4n -k6,6gr |
    awk -F, '!seen[\$4]++ {
      printf \"query %d looks at key %d with weight %.3f%s\\n\", \$4, \$5, \$6, \$5 == \$4 - 1 ? \"  <- its left neighbour\" : \"\" }'"

say "5. A whole Transformer, trained on Chinese numerals and their English names; it has never seen 321." \
    "   Each row is a word as it is written: how sure the model is, and which character it looks at."
translate="attn-compute transformer --model data/models/zh-en-numbers"
show "$translate --text 三百二十一"

say "6. The same attention, head by head, and as data: where does each head look while writing 'twenty-'?"
show "$translate --text 三百二十一 --steps decoder.1.cross.weights -f csv |
    awk -F, '\$4 == 2 && \$6 > most[\$3] { most[\$3] = \$6; place[\$3] = \$5 + 1 }
    END { for (head = 0; head < 4; ++head) printf \"head %d: character %d, weight %.3f\\n\", head, place[head], most[head] }'"
