#include "../../naive.hpp"

#include <attn/ops/fused/tiles.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;
using namespace attn::fused;

namespace {

struct OneHead {
  std::size_t queries, past, keys;
  Tensor<double> q = naive::numbers<double>({1, 1, queries, 6}, 1);
  Tensor<double> k = naive::numbers<double>({1, 1, past + keys, 6}, 2);
  Tensor<double> v = naive::numbers<double>({1, 1, past + keys, 3}, 3);
  Tensor<double> output = filled<double>({queries, 3}, -1);
  MaskRules<double> mask = {};

  Sizes sizes() const {
    Sizes s;
    s.batch = s.heads = s.kv_heads = 1;
    s.query_len = queries;
    s.past_len = past;
    s.new_len = keys;
    s.key_len = past + keys;
    s.head_dim = 6;
    s.value_dim = 3;
    return s;
  }
  // Keys and values of one head, as if the first `past` lay elsewhere.
  Head<double> head() {
    const Stretch<double> before = {{0, past}, k.data(), v.data()};
    const Stretch<double> after = {{past, past + keys}, k.data() + past * 6, v.data() + past * 3};
    return {q.data(), {before, after}, output.data(), Visibility<double>(mask, sizes(), -INFINITY, 0, 0)};
  }
};

}  // namespace

TEST_CASE("a panel that meets several tiles in two stretches gives what plain loops give") {
  OneHead run{5, 200, 500};
  Workspace<double> workspace(run.sizes());
  const Rules<double> rules = {run.sizes(), 0.7, std::nullopt, std::nullopt};
  attend(kernel_for<double>(InstructionSet::generic), rules, run.head(), {1, 4}, workspace);
  naive::Rule rule;
  rule.scale = 0.7L;
  for (std::size_t i = 1; i < 4; ++i) {
    const naive::Query expected = naive::query(run.q, run.k, run.v, rule, 0, 0, i);
    for (std::size_t d = 0; d < 3; ++d) CHECK(std::abs(naive::at(run.output, {i, d}) - expected.head[d]) <= 1e-14L);
  }
}

TEST_CASE("only the rows of the panel are written") {
  OneHead run{5, 0, 10};
  Workspace<double> workspace(run.sizes());
  attend(kernel_for<double>(InstructionSet::generic), {run.sizes(), 1, std::nullopt, std::nullopt}, run.head(), {1, 4}, workspace);
  for (std::size_t d = 0; d < 3; ++d) {
    CHECK(run.output(0, d) == -1);
    CHECK(run.output(4, d) == -1);
  }
}

// No key is valid: zeros, NaN, or the mean of all values.
TEST_CASE("a row that sees no key follows its policy") {
  OneHead run{2, 1, 3};
  run.mask.valid_lens = {0};
  Workspace<double> workspace(run.sizes());
  const Kernel<double>& kernel = kernel_for<double>(InstructionSet::generic);
  attend(kernel, {run.sizes(), 1, std::nullopt, MaskedRows::zero}, run.head(), {0, 2}, workspace);
  CHECK(run.output(1, 2) == 0);
  attend(kernel, {run.sizes(), 1, std::nullopt, MaskedRows::nan}, run.head(), {0, 2}, workspace);
  CHECK(std::isnan(run.output(1, 2)));
  attend(kernel, {run.sizes(), 1, std::nullopt, MaskedRows::uniform}, run.head(), {0, 2}, workspace);
  for (std::size_t d = 0; d < 3; ++d) {
    const double* const v = run.v.data();
    CHECK(std::abs(run.output(1, d) - (v[d] + v[3 + d] + v[6 + d] + v[9 + d]) / 4) <= 1e-15);
  }
}
