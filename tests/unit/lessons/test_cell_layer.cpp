// The terms by hand; the sum of the terms must be the number that was computed, bit for bit.
#include "naive.hpp"

#include <attn/lessons/cell_layer.hpp>
#include <attn/ops/feed_forward.hpp>
#include <attn/ops/norm.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

AttentionFacts facts(const NormOptions& norm, Activation activation = Activation::relu) {
  AttentionFacts result;
  result.layer = LayerFacts{false, norm, activation};
  return result;
}

// A block around one normalisation of x, under the names it would have in a layer.
template <class T>
Trace norm_trace(const Tensor<T>& x, const NormSteps<T>& steps, const NormWeights<T>& weights) {
  Trace trace{Sizes{}, precision_of<T>(), {}};
  const auto add = [&](Step step, const Tensor<T>& tensor) { trace.entries.push_back({path_of(Block::ffn, step), step, "", TensorView(tensor)}); };
  visit(weights, add);
  trace.entries.push_back({"self.norm", Step::residual, "", TensorView(x)});
  visit(steps, add);
  return trace;
}

}  // namespace

TEST_CASE("every number of a normalisation follows from the terms that are shown, in both precisions") {
  const auto check = [](auto zero) {
    using T = decltype(zero);
    const auto x = naive::numbers<T>({1, 2, 5}, 1);
    const NormWeights<T> weights{naive::numbers<T>({5}, 2), naive::numbers<T>({5}, 3)};
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      NormOptions options;
      options.kind = kind;
      options.detail = Detail::yes;
      const auto steps = normalised(x, weights, options);
      const Trace trace = norm_trace(x, steps, weights);
      for (const Step step : {Step::norm_mean, Step::norm_var, Step::norm_mean_square, Step::norm_hat, Step::norm}) {
        if (!trace.find(step)) continue;
        const std::size_t column = trace.find(step)->tensor.shape().back() == 1 ? 0 : 3;
        const CellExplanation cell = explain_layer_cell(trace, facts(options), {step, {0, 1, column}});
        CAPTURE(cell.cell);
        CHECK(cell.recomputed == cell.value);
        CHECK(cell.cell.rfind("ffn.", 0) == 0);
      }
    }
  };
  check(double{});
  check(float{});
}

TEST_CASE("a variance names its mean, its terms and what it is divided by") {
  Tensor<double> x = empty<double>({1, 1, 4});
  const double numbers[] = {1, 2, 3, 6};  // mean 3; 4 + 1 + 0 + 9 = 14; 14/3 when unbiased
  std::copy(numbers, numbers + 4, x.data());
  NormOptions options;
  options.variance = Variance::unbiased;
  const auto steps = normalised<double>(x, {}, options);
  const CellExplanation cell = explain_layer_cell(norm_trace<double>(x, steps, {}), facts(options), {Step::norm_var, {0, 0, 0}});
  REQUIRE(cell.terms.size() == 4);
  CHECK(cell.terms[3].left == "(self.norm[0,0,3] - mean)²");
  CHECK(cell.terms[3].running_sum == 14);
  CHECK(cell.lines.back() == "ffn.norm_var[0,0,0] = sum / 3 = 14 / 3 = 4.666666666666667");
}

TEST_CASE("a middle feature names its activation, and its gate if it has one") {
  const auto up = naive::numbers<double>({1, 1, 3}, 4), gate = naive::numbers<double>({1, 1, 3}, 5);
  const Tensor<double> hidden = activated<double>(up, gate, Activation::silu);
  Trace trace;
  trace.entries = {{"ffn_gate", Step::ffn_gate, "", TensorView(gate)}, {"ffn_up", Step::ffn_up, "", TensorView(up)}, {"ffn_hidden", Step::ffn_hidden, "", TensorView(hidden)}};
  const CellExplanation cell = explain_layer_cell(trace, facts({}, Activation::silu), {Step::ffn_hidden, {0, 0, 1}});
  CHECK(cell.rule == "silu(ffn_gate) · ffn_up");
  CHECK(cell.recomputed == cell.value);
}

TEST_CASE("steps of a layer are told from those of attention") {
  CHECK(is_layer_step(Step::residual));
  CHECK(is_layer_step(Step::ffn_hidden));
  CHECK_FALSE(is_layer_step(Step::weights));
  CHECK_FALSE(is_layer_step(Step::output));
}
