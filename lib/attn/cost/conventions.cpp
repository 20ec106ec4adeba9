// The rows of `reconcile`: what each published counter counts, from its own documentation and formulas.
#include <attn/cost/reconcile.hpp>

namespace attn::cost {
namespace {

const Polynomial b = Letter::b, h = Letter::h, n = Letter::n, m = Letter::m, p = Letter::p, d = Letter::d;

const Polynomial input_maps = b * (n * d * d + 2 * m * d * d);
const Polynomial output_map = b * n * d * d;
const Polynomial maps = input_maps + output_map;
const Polynomial products = 2 * b * p * d;
const Polynomial scores = b * h * p;

std::vector<Convention> make_published() {
  const std::string torch = "torch/utils/flop_counter.py (not in PyTorch 1.13): mm, addmm, bmm, baddbmm, scaled_dot_product_attention at 2 a MAC";
  const std::string fvcore = "fvcore/nn/jit_handles.py: one multiply-add is one flop; addmm, linear, matmul, bmm, einsum";
  const std::string ptflops = "ptflops/pytorch_ops.py, multihead_attention_counter_hook";
  const std::string thop = "thop/vision/calc_func.py: leaf modules with a rule";
  const std::string patched = "F.linear, F.softmax, torch.bmm, torch.matmul as called; softmax one a score";
  return {
      {"torch", {"module", "products"}, "FLOP", 2 * (maps + products), Pairs::all, torch},
      {"torch", {"sdpa"}, "FLOP", 2 * products, Pairs::all, torch + "; a causal mask changes nothing"},
      {"torch", {"sdpa", "backward"}, "FLOP", 14 * b * p * d, Pairs::all,
       torch + "; its fused backward is five products, for the scores are computed again"},
      {"torch", {"module", "products", "backward"}, "FLOP", 6 * (maps + products), Pairs::all,
       torch + "; every product has two more in the backward pass"},
      {"fvcore", {"module", "products"}, "MAC", maps + products, Pairs::all, fvcore},
      {"fvcore", {"module", "baddbmm"}, "MAC", maps + b * p * d, Pairs::all,
       fvcore + "; a float mask turns Q·Kᵀ into baddbmm, which has no rule"},
      {"fvcore", {"module", "fused"}, "MAC", maps, Pairs::all,
       fvcore + "; the fused attention of need_weights=False has no rule"},
      {"ptflops", {"hook", "in_bias"}, "MAC",
       b * n * d + maps + b * (n * d + 2 * m * d) + products + scores + b * n * d, Pairs::all, ptflops},
      {"ptflops", {"hook", "no_in_bias"}, "MAC", b * n * d + maps + products + scores + b * n * d, Pairs::all,
       ptflops + " with bias=False: the output bias is counted all the same"},
      {"calflops", {"module", "softmax_numel"}, "FLOP", 2 * (maps + products) + scores, Pairs::all, "calflops/pytorch_ops.py: " + patched},
      {"calflops", {"module", "products"}, "MAC", maps + products, Pairs::all, "calflops/pytorch_ops.py, its MACs"},
      {"calflops", {"module", "fused"}, "FLOP", 2 * maps, Pairs::all,
       "calflops/pytorch_ops.py: F.scaled_dot_product_attention is not among the patched functions"},
      {"deepspeed", {"module", "softmax_numel"}, "FLOP", 2 * (maps + products) + scores, Pairs::all,
       "deepspeed/profiling/flops_profiler/profiler.py: " + patched},
      {"deepspeed", {"module", "products"}, "MAC", maps + products, Pairs::all, "deepspeed/profiling/flops_profiler/profiler.py, its MACs"},
      {"thop", {"linear_modules"}, "MAC", maps, Pairs::all, thop + "; nn.Linear without its bias, products of tensors are not seen"},
      {"thop", {"linear_modules", "softmax_module"}, "MAC", maps + 3 * scores - b * h * n, Pairs::all,
       thop + "; nn.Softmax: m exponentials, m − 1 sums, m quotients a row"},
      {"thop", {"transformer_hook"}, "MAC",
       b * (4 * n * d * d + n * n * n * n * d * d / h + 4 * h * n * n - h * n + h + 2 * n * d), Pairs::all,
       "thop.rnn_hooks.count_Transformer, one self-attention with its norm; n⁴·d²/h is the code's, where n²·d is meant"},
      {"kaplan", {"module", "scores_only"}, "FLOP", 2 * maps + 2 * b * p * d, Pairs::all,
       "Kaplan et al. 2020, table 1: forward pass, one product of n·d a position"},
      {"flashattention", {"sdpa"}, "FLOP", 2 * products, Pairs::all, "FlashAttention benchmarks: 4·n²·d"},
      {"flashattention", {"sdpa", "halved"}, "FLOP", products, Pairs::all, "FlashAttention benchmarks, causal: half of 4·n²·d"},
      {"palm", {"module", "products", "backward"}, "FLOP", 6 * (maps + products), Pairs::all,
       "Chowdhery et al. 2022, appendix B: 6 a parameter and 12·n·d a position, training"},
  };
}

/// One choice among several, with what it adds to the count in MACs or in single operations.
struct Choice {
  const char* part;  ///< "" for the usual, which needs no word
  Polynomial macs, operations;
};

}  // namespace

const std::vector<Convention>& published_conventions() {
  static const std::vector<Convention> table = make_published();
  return table;
}

const std::vector<Convention>& combined_conventions() {
  static const std::vector<Convention> table = [] {
    const std::vector<std::vector<Choice>> axes = {
        {{"four_maps", maps, 0}, {"no_maps", 0, 0}, {"input_maps", input_maps, 0}},
        {{"products", products, 0}, {"scores_only", b * p * d, 0}},
        {{"", 0, 0}, {"softmax_1", 0, scores}, {"softmax_3", 0, 3 * scores}, {"softmax_5", 0, 5 * scores}},
        {{"", 0, 0}, {"biases", 0, b * (2 * n * d + 2 * m * d)}},
        {{"", 0, 0}, {"scale", 0, scores}},
        {{"", 0, 0}, {"mask", 0, scores}},
    };
    std::vector<Convention> found;
    for (const char* unit : {"FLOP", "MAC"}) {
      for (const Pairs pairs : {Pairs::all, Pairs::causal}) {
        std::vector<Convention> grown = {{"", {}, unit, 0, pairs, ""}};
        for (const std::vector<Choice>& axis : axes) {
          std::vector<Convention> next;
          for (const Convention& convention : grown) {
            for (const Choice& choice : axis) {
              Convention longer = convention;
              if (*choice.part) longer.parts.emplace_back(choice.part);
              longer.formula += (std::string_view(unit) == "FLOP" ? 2 : 1) * choice.macs + choice.operations;
              next.push_back(std::move(longer));
            }
          }
          grown = std::move(next);
        }
        if (pairs == Pairs::causal) {
          for (Convention& convention : grown) convention.parts.emplace_back("causal_half");
        }
        found.insert(found.end(), grown.begin(), grown.end());
      }
    }
    return found;
  }();
  return table;
}

}  // namespace attn::cost
