#include "naive.hpp"

#include <attn/lessons/cell.hpp>
#include <attn/ops/dot_product.hpp>
#include <attn/ops/multihead.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

template <class T>
struct Run {
  MultiheadInputs<T> inputs;
  MultiheadWeights<T> weights;
  MultiheadOptions<T> options;
};

// Self-attention: B 2, L 4, E 6, H 3 on Hk 3, or on fewer key heads.
template <class T>
Run<T> self(std::size_t kv_heads = 3) {
  Run<T> run;
  run.inputs.x = naive::numbers<T>({2, 4, 6}, 1);
  run.weights.w_q = naive::numbers<T>({6, 6}, 2);
  run.weights.b_q = naive::numbers<T>({6}, 3);
  run.weights.w_k = naive::numbers<T>({6, 2 * kv_heads}, 4);
  run.weights.b_k = naive::numbers<T>({2 * kv_heads}, 5);
  run.weights.w_v = naive::numbers<T>({6, 3 * kv_heads}, 6);
  run.weights.w_o = naive::numbers<T>({9, 6}, 7);
  run.weights.b_o = naive::numbers<T>({6}, 8);
  run.options.heads = 3;
  run.options.kv_heads = kv_heads;
  run.options.attention.detail = Detail::yes;
  return run;
}

template <class T>
AttentionFacts facts_of(const AttentionOptions<T>& options, const Sizes& sizes) {
  AttentionFacts facts;
  facts.scale = static_cast<double>(effective_scale(options, sizes.head_dim));
  facts.softcap = options.softcap;
  facts.mask_fill = static_cast<double>(options.mask_fill);
  facts.dropout_p = options.dropout_p;
  facts.masked_rows_replaced = options.mask_fill == -std::numeric_limits<T>::infinity() || options.masked_rows.has_value();
  if (options.mask.any()) {
    facts.verdict = [rules = options.mask, sizes](std::size_t b, std::size_t h, std::size_t i, std::size_t j) {
      const MaskVerdict<T> v = mask_verdict(rules, sizes, b, h, i, j);
      return MaskVerdict<double>{v.causal, v.padding, v.window, v.given, static_cast<double>(v.added)};
    };
  }
  return facts;
}

std::vector<std::size_t> index_of(std::size_t flat, const Shape& shape) {
  std::vector<std::size_t> index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

// Every number of the trace: what the terms give is the number, and the last running sum of a sum is too.
void check_every_cell(const Trace& trace, const AttentionFacts& facts) {
  for (const TraceEntry& entry : trace.entries) {
    CAPTURE(entry.name);
    for (std::size_t flat = 0; flat < entry.tensor.size(); ++flat) {
      const CellExplanation cell = explain_cell(trace, facts, {entry.step, index_of(flat, entry.tensor.shape())});
      CAPTURE(cell.cell);
      const double number = entry.tensor[flat];
      const bool same_value = cell.value == number || (std::isnan(number) && std::isnan(cell.value));
      const bool same = cell.recomputed == number || (std::isnan(number) && std::isnan(cell.recomputed));
      CAPTURE(number);
      CAPTURE(number - cell.recomputed);
      REQUIRE(same_value);
      REQUIRE(same);
      CHECK_FALSE(cell.rule.empty());
    }
  }
}

// Holds the steps that a trace points into.
template <class T>
struct Traced {
  MultiheadWeights<T> weights;
  MultiheadSteps<T> steps;
  Trace trace;
  AttentionFacts facts;

  explicit Traced(const Run<T>& run) : weights(run.weights), steps(multihead(run.inputs, run.weights, run.options)) {
    trace = {steps.attention.sizes, precision_of<T>(), {}};
    append_to(trace, weights);
    append_to(trace, steps);
    AttentionOptions<T> options = run.options.attention;
    if (weights.bias_k || weights.bias_v) ++options.mask.exempt_keys;
    if (run.options.add_zero_attn) ++options.mask.exempt_keys;
    facts = facts_of(options, steps.attention.sizes);
  }
  CellExplanation at(Step step, const std::vector<std::size_t>& index) const { return explain_cell(trace, facts, {step, index}); }
};

template <class T>
void check_run(const Run<T>& run) {
  const Traced<T> traced(run);
  check_every_cell(traced.trace, traced.facts);
}

}  // namespace

TEST_CASE_TEMPLATE("every number is what its terms give", T, double, float) { check_run(self<T>()); }

TEST_CASE_TEMPLATE("so it is with fewer key heads than query heads", T, double, float) { check_run(self<T>(1)); }

TEST_CASE_TEMPLATE("so it is with a scale, a cap and every mask rule", T, double, float) {
  Run<T> run = self<T>();
  AttentionOptions<T>& o = run.options.attention;
  o.scale = 0.3;
  o.softcap = 0.7;
  o.mask.causal = true;
  o.mask.valid_lens = {3, 4};
  o.mask.window = {2, 1};
  o.mask.given = naive::numbers<T>({4, 4}, 9);
  (*o.mask.given)(1, 0) = -std::numeric_limits<T>::infinity();
  check_run(run);
}

TEST_CASE_TEMPLATE("so it is with hidden rows under every policy, and with a finite fill", T, double, float) {
  Run<T> run = self<T>();
  run.options.attention.mask.valid_lens = {0, 2};
  check_run(run);
  for (const MaskedRows policy : {MaskedRows::zero, MaskedRows::uniform, MaskedRows::nan}) {
    run.options.attention.masked_rows = policy;
    check_run(run);
  }
  run.options.attention.masked_rows.reset();
  run.options.attention.mask_fill = T(-1e4);
  check_run(run);
}

TEST_CASE_TEMPLATE("so it is with a policy for hidden rows beside a finite fill", T, double, float) {
  Run<T> run = self<T>();
  run.options.attention.mask.valid_lens = {0, 2};
  run.options.attention.mask_fill = T(-1e4);
  run.options.attention.masked_rows = MaskedRows::zero;
  check_run(run);
}

TEST_CASE_TEMPLATE("so it is with a cache", T, double, float) {
  Run<T> run = self<T>();
  run.options.attention.mask.causal = true;
  run.options.attention.past_key = naive::numbers<T>({2, 3, 2, 2}, 11);
  run.options.attention.past_value = naive::numbers<T>({2, 3, 2, 3}, 12);
  check_run(run);
}

TEST_CASE_TEMPLATE("so it is with appended keys", T, double, float) {
  Run<T> run = self<T>();
  run.weights.bias_k = naive::numbers<T>({6}, 13);
  run.weights.bias_v = naive::numbers<T>({9}, 14);
  run.options.add_zero_attn = true;
  run.options.attention.mask.causal = true;
  check_run(run);
}

TEST_CASE_TEMPLATE("so it is with dropout and averaged weights", T, double, float) {
  Run<T> run = self<T>();
  run.options.average_weights = true;
  run.options.attention.dropout_keep = filled<T>({2, 3, 4, 4}, T{1});
  for (std::size_t i = 0; i < 96; i += 3) run.options.attention.dropout_keep->data()[i] = 0;
  run.options.attention.dropout_p = 1.0 / 3;
  check_run(run);
}

TEST_CASE_TEMPLATE("so it is without a batch axis, with other sources, and without maps", T, double, float) {
  Run<T> flat = self<T>();
  flat.inputs.x = naive::numbers<T>({4, 6}, 1);
  check_run(flat);
  Run<T> other = self<T>();
  other.inputs.memory = naive::numbers<T>({2, 5, 6}, 15);
  other.inputs.memory_value = naive::numbers<T>({2, 5, 6}, 16);
  check_run(other);
  Run<T> bare = self<T>();
  bare.weights = {};
  check_run(bare);
  bare.weights.b_q = naive::numbers<T>({6}, 3);  // a bias without a matrix
  check_run(bare);
}

TEST_CASE("attention on given tensors is taken apart in every rank") {
  const auto check = [](const Shape& q, const Shape& kv, std::size_t heads) {
    AttentionOptions<double> options;
    options.mask.causal = true;
    const auto steps = dot_product_attention(naive::numbers<double>(q, 1), naive::numbers<double>(kv, 2), naive::numbers<double>(kv, 3), heads, heads, options);
    Trace trace{steps.attention.sizes, Precision::float64, {}};
    append_to(trace, steps);
    check_every_cell(trace, facts_of(options, steps.attention.sizes));
  };
  check({3, 4}, {5, 4}, 1);
  check({2, 3, 4}, {2, 5, 4}, 2);
  check({2, 2, 3, 4}, {2, 2, 5, 4}, 1);
}

TEST_CASE("a product of matrices is listed term by term, the bias last") {
  Run<double> run = self<double>();
  const Traced<double> traced(run);
  const CellExplanation cell = traced.at(Step::q_proj, {1, 2, 3});
  CHECK(cell.cell == "q_proj[1,2,3]");
  REQUIRE(cell.terms.size() == 7);
  double sum = 0;
  for (std::size_t e = 0; e < 6; ++e) {
    const double product = run.inputs.x(1, 2, e) * (*run.weights.w_q)(e, 3);
    sum += product;
    CHECK(cell.terms[e].left == "x[1,2," + std::to_string(e) + "]");
    CHECK(cell.terms[e].right == "w_q[" + std::to_string(e) + ",3]");
    CHECK(cell.terms[e].value == product);
    CHECK(cell.terms[e].running_sum == sum);
  }
  CHECK(cell.terms[6].left == "b_q[3]");
  CHECK(cell.terms[6].right == "");
  CHECK(cell.terms[6].running_sum == sum + (*run.weights.b_q)(3));
}

TEST_CASE("in float32 every product and every sum is rounded before the next") {
  Run<float> run = self<float>();
  const Traced<float> traced(run);
  float sum = 0;
  for (std::size_t e = 0; e < 6; ++e) {
    const float product = run.inputs.x(1, 2, e) * (*run.weights.w_q)(e, 3);
    sum += product;
  }
  const float with_bias = sum + (*run.weights.b_q)(3);
  CHECK((*traced.steps.q_proj)(1, 2, 3) == with_bias);
  const CellExplanation cell = traced.at(Step::q_proj, {1, 2, 3});
  CHECK(cell.terms.at(5).running_sum == static_cast<double>(sum));
  CHECK(cell.recomputed == static_cast<double>(with_bias));
}

TEST_CASE("a query head names the key head that it reads") {
  const Traced<double> traced(self<double>(1));
  CHECK(traced.at(Step::scores_raw, {0, 2, 1, 3}).terms.at(0).right == "k[0,0,3,0]");
  CHECK(traced.at(Step::heads, {0, 2, 1, 2}).terms.at(3).right == "v[0,0,3,2]");
}

TEST_CASE("a key of the cache is a copy of it, a later one of the new keys") {
  Run<double> run = self<double>();
  run.options.attention.past_key = naive::numbers<double>({2, 3, 2, 2}, 11);
  run.options.attention.past_value = naive::numbers<double>({2, 3, 2, 3}, 12);
  const Traced<double> traced(run);
  CHECK(traced.at(Step::present_key, {1, 2, 1, 0}).rule == "a copy of past_key[1,2,1,0]");
  CHECK(traced.at(Step::present_value, {1, 2, 4, 2}).rule == "a copy of v[1,2,2,2]");
}

TEST_CASE("an appended key is a copy of the learned row, or zeros") {
  Run<double> run = self<double>();
  run.weights.bias_k = naive::numbers<double>({6}, 13);
  run.weights.bias_v = naive::numbers<double>({9}, 14);
  run.options.add_zero_attn = true;
  const Traced<double> traced(run);
  CHECK(traced.at(Step::k, {0, 2, 4, 1}).rule == "a copy of bias_k[5]");
  CHECK(traced.at(Step::v, {1, 1, 4, 2}).rule == "a copy of bias_v[5]");
  CHECK(traced.at(Step::k, {0, 2, 5, 1}).rule.find("zeros") != std::string::npos);
  CHECK(traced.at(Step::k, {0, 2, 3, 1}).rule == "a copy of k_proj[0,3,5]");
}

TEST_CASE("a learned value without a learned key appends a key of zeros that bias_k would have held") {
  Run<double> run = self<double>();
  run.weights.bias_v = naive::numbers<double>({9}, 14);
  const Traced<double> traced(run);
  CHECK(traced.at(Step::v, {1, 1, 4, 2}).rule == "a copy of bias_v[5]");
  CHECK(traced.at(Step::k, {0, 0, 4, 0}).rule.find("add_zero_attn") == std::string::npos);  // it is off
}

TEST_CASE("each rule that forbids a key is named") {
  Run<double> run = self<double>();
  AttentionOptions<double>& o = run.options.attention;
  o.mask.causal = true;
  o.mask.valid_lens = {2, 4};
  o.mask.window = {1, std::nullopt};
  o.mask.given = filled<double>({4, 4}, 0.0);
  (*o.mask.given)(3, 3) = -std::numeric_limits<double>::infinity();
  const Traced<double> traced(run);
  const auto rules = [&](const std::vector<std::size_t>& index) {
    const CellMask mask = traced.at(Step::scores_masked, index).mask.value();
    return std::string(mask.causal ? "c" : "-") + (mask.padding ? "p" : "-") + (mask.window ? "w" : "-") + (mask.given ? "g" : "-");
  };
  CHECK(rules({1, 0, 2, 2}) == "----");
  CHECK(rules({1, 0, 2, 3}) == "c---");
  CHECK(rules({0, 0, 2, 2}) == "-p--");
  CHECK(rules({1, 0, 3, 1}) == "--w-");
  CHECK(rules({1, 0, 3, 3}) == "---g");
  CHECK(rules({0, 0, 0, 3}) == "cp--");
  CHECK(traced.at(Step::mask, {1, 0, 2, 3}).rule == "a rule forbids this key");
  CHECK(traced.at(Step::mask, {1, 0, 2, 2}).rule == "no rule forbids this key");
}

TEST_CASE("without a mask rule the masked score is a copy") {
  const Traced<double> traced(self<double>());
  const CellExplanation cell = traced.at(Step::scores_masked, {0, 1, 2, 3});
  CHECK(cell.rule == "a copy of scores_scaled[0,1,2,3]");
  CHECK_FALSE(cell.mask);
}

TEST_CASE("weights of a hidden row follow the policy, in words") {
  Run<double> run = self<double>();
  run.options.attention.mask.valid_lens = {0, 4};
  const Traced<double> traced(run);
  CHECK(traced.at(Step::weights, {0, 1, 2, 3}).rule == "every key of this row is forbidden; its weights follow --masked-rows");
  CHECK(traced.at(Step::weights, {1, 1, 2, 3}).rule == "exp(scores_masked - max) / sum");
}

TEST_CASE("a weight is one exponential over the sum of all") {
  const Traced<double> traced(self<double>());
  const CellExplanation cell = traced.at(Step::weights, {0, 1, 2, 3});
  REQUIRE(cell.terms.size() == 4);
  const Tensor<double>& scores = traced.steps.attention.scores_masked;
  double max = scores(0, 1, 2, 0), sum = 0;
  for (std::size_t j = 1; j < 4; ++j) max = std::max(max, scores(0, 1, 2, j));
  for (std::size_t j = 0; j < 4; ++j) {
    CHECK(cell.terms[j].value == std::exp(scores(0, 1, 2, j) - max));
    sum += cell.terms[j].value;
    CHECK(cell.terms[j].running_sum == sum);
  }
  CHECK(cell.recomputed == cell.terms[3].value / sum);
}

TEST_CASE("a weight that was dropped says so, and so does one that was kept") {
  Run<double> run = self<double>();
  run.options.attention.dropout_keep = filled<double>({2, 3, 4, 4}, 1.0);
  run.options.attention.dropout_keep->data()[0] = 0;
  run.options.attention.dropout_p = 0.5;
  const Traced<double> traced(run);
  CHECK(traced.at(Step::weights_dropped, {0, 0, 0, 0}).rule == "dropped");
  CHECK(traced.at(Step::weights_dropped, {0, 0, 0, 1}).rule == "kept, divided by 1 - p");
  CHECK(traced.at(Step::heads, {0, 0, 0, 1}).terms.at(0).left == "weights_dropped[0,0,0,0]");
}

TEST_CASE("what was given is not taken apart") {
  const Traced<double> traced(self<double>());
  CHECK(traced.at(Step::x, {0, 1, 2}).rule == "given");
  CHECK(traced.at(Step::w_q, {5, 4}).rule == "given");
  CHECK(traced.at(Step::x, {0, 1, 2}).terms.empty());
}
