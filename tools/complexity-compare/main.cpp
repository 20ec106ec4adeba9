#include "subcommands.hpp"

using namespace attn::tools;

int main(int argc, char** argv) {
  const Tool tool = {
      "complexity-compare",
      "what convolution, recurrence and self-attention cost, derived, searched, measured and reconciled",
      "  complexity-compare table --len 128 --d-model 512 --kernel 3\n"
      "  complexity-compare crossover --d-model 512 --kernel 3\n"
      "  complexity-compare reconcile --claimed 134217728 --len 128 --d-model 512\n",
      {
          {"table", "operations, sequential operations, parallel width, path length and memory of every layer",
           "  complexity-compare table\n"
           "  complexity-compare table --len 1024 --d-model 64 --kernel 3 --layers convolution,rnn,self_attention\n"
           "  complexity-compare table -f latex -o table.tex\n",
           setup_table},
          {"sweep", "the formulas over ranges of n, d and k",
           "  complexity-compare sweep --len 64:8192:x2 -f csv\n"
           "  complexity-compare sweep --len 64:1024:x2 --d-model 64:512:x2 --layers rnn,self_attention\n"
           "  complexity-compare sweep --quantity activation_bytes,cache_bytes --heads 4\n",
           setup_sweep},
          {"crossover", "for which lengths self-attention costs less than the others",
           "  complexity-compare crossover --d-model 512 --kernel 3\n"
           "  complexity-compare crossover --d-model 64 --heads 4 --len 100 -f json\n",
           setup_crossover},
          {"paths", "the maximum path length, found by search beside its formula",
           "  complexity-compare paths --len 8:128:x2 --kernel 3\n"
           "  complexity-compare paths --layers dilated_convolution --kernel 3 --dilation 2\n"
           "  complexity-compare paths --stack 6 --window 8\n",
           setup_paths},
          {"measure", "the layers run for real: times, exponents, threads",
           "  complexity-compare measure\n"
           "  complexity-compare measure --len 512:8192:x2 --d-model 64 --layers self_attention --threads 1\n"
           "  complexity-compare measure --len 256 --d-model 128:1024:x2 --layers rnn,convolution --threads 1,2 -f csv\n",
           setup_measure},
          {"reconcile", "which convention gives a claimed number of operations",
           "  complexity-compare reconcile --claimed 150994944 --len 128 --d-model 512 --heads 8\n"
           "  complexity-compare reconcile --claimed 302M --for torch\n"
           "  complexity-compare reconcile --claimed 4718592 --len 64 --d-model 128 --heads 4 -f json\n",
           setup_reconcile},
      }};
  return run_tool(tool, argc, argv);
}
