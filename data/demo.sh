#!/bin/sh
# A first look at attn-compute: every command is shown, then run. `make demo` builds the tools and puts
# them on the PATH; with an installed attnscope, run it as it is.
set -eu

show() {
  printf '\n$ %s\n\n' "$1"
  sh -c "$1"
}

# The course's example: two random tensors, raw dot products, softmax, weighted sum.
show "attn-compute dot"

# The same numbers as CSV, for any other program: the weights of the first query …
show "attn-compute dot --steps weights -f csv | head -n 6"

# … what each row of weights sums to …
show "attn-compute dot --steps weights -f csv |
    awk -F , 'NR > 1 { sum[\$2 \",\" \$4] += \$6 } END { for (row in sum) print \"batch,row \" row \": \" sum[row] }' |
    sort"

# … and the largest weight of all.
show "attn-compute dot --steps weights -f csv | sort -t , -k 6 -g -r | head -n 1"
