#include "verify/cases.hpp"

#include <attn/verify/cut_down.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// Queries, keys and values given: B samples, H heads on Hk, lengths Lq and Lk, head size 4.
Problem<double> given(Index batch, Index heads, Index kv_heads, Index queries, Index keys, MaskRules<double> rules = {}) {
  Problem<double> problem;
  problem.sizes.batch = batch;
  problem.sizes.heads = problem.options.heads = heads;
  problem.sizes.kv_heads = problem.options.kv_heads = kv_heads;
  problem.sizes.query_len = queries;
  problem.sizes.key_len = problem.sizes.new_len = keys;
  problem.sizes.head_dim = problem.sizes.value_dim = 4;
  problem.inputs[Step::q] = naive::numbers<double>({batch, heads, queries, 4}, 1);
  problem.inputs[Step::k] = naive::numbers<double>({batch, kv_heads, keys, 4}, 2);
  problem.inputs[Step::v] = naive::numbers<double>({batch, kv_heads, keys, 4}, 3);
  problem.options.attention.mask = std::move(rules);
  problem.steps = {Step::scores_raw, Step::scores_scaled};
  if (problem.options.attention.mask.any()) problem.steps.push_back(Step::mask);
  problem.steps.insert(problem.steps.end(), {Step::scores_masked, Step::weights, Step::heads, Step::output});
  problem.output_shape = {batch, heads, queries, 4};
  return problem;
}

MaskRules<double> with_lens(std::vector<std::size_t> lens) {
  MaskRules<double> rules;
  rules.valid_lens = std::move(lens);
  return rules;
}

}  // namespace

TEST_CASE("a small run is left as it is") {
  const Problem<double> problem = problem_of(cross());
  const Problem<double> cut = cut_down(problem);
  CHECK(step_shapes(cut) == step_shapes(problem));
  CHECK(cut.inputs.at(Step::x) == problem.inputs.at(Step::x));
}

TEST_CASE("lengths, samples and groups keep their relations") {
  const auto sizes = [](Index queries, Index keys) { return cut_down(given(5, 12, 4, queries, keys)).sizes; };
  CHECK(sizes(100, 100).query_len == sizes(100, 100).key_len);
  CHECK(sizes(100, 300).query_len < sizes(100, 300).key_len);
  CHECK(sizes(300, 100).query_len > sizes(300, 100).key_len);
  CHECK(sizes(100, 101).query_len < sizes(100, 101).key_len);
  CHECK(sizes(1, 500).query_len == 1);
  const Sizes s = sizes(64, 64);
  CHECK(s.batch == 2);
  CHECK(s.heads == 6);    // two key heads of four, and the three query heads of each
  CHECK(s.kv_heads == 2);
}

TEST_CASE("every step of the cut can be computed, and has the planned shape") {
  for (const auto& rules : {MaskRules<double>{}, with_lens({100, 30, 100, 7})}) {
    const Problem<double> cut = cut_down(given(4, 6, 3, 50, 100, rules));
    const auto shapes = step_shapes(cut);
    for (const auto& [step, tensor] : run_problem(cut)) CHECK(shape_of(tensor) == shapes.at(step));
  }
}

TEST_CASE("padding stays padding, and different lengths stay different") {
  const auto lens = [](std::vector<std::size_t> all) { return cut_down(given(all.size(), 1, 1, 64, 128, with_lens(all))).options.attention.mask.valid_lens; };
  CHECK(lens({128, 128, 128}) == std::vector<std::size_t>{12, 12});
  const auto mixed = lens({128, 127, 128});  // the shortest, and the first of the longest
  CHECK(mixed == std::vector<std::size_t>{12, 11});
  const auto close = lens({64, 60});
  REQUIRE(close.size() == 2);
  CHECK(close[0] != close[1]);
  CHECK(lens({0, 128})[0] == 0);
}

TEST_CASE("a window inside the keys stays inside, one beyond them stays beyond") {
  MaskRules<double> rules;
  rules.window = {20, 1000};
  const Window window = cut_down(given(1, 1, 1, 64, 64, rules)).options.attention.mask.window;
  CHECK(window.left == 2);
  CHECK(window.right == 1000);
  rules.window = {40, 9};
  const Window lopsided = cut_down(given(1, 1, 1, 64, 64, rules)).options.attention.mask.window;
  CHECK(lopsided.left > lopsided.right);
}

TEST_CASE("of a given mask rows and keys are taken evenly") {
  MaskRules<double> rules;
  rules.given = cells4({1, 1, 64, 128}, [](Index, Index, Index i, Index j) { return j <= 2 * i ? 0.0 : -infinity; });
  const Problem<double> cut = cut_down(given(3, 1, 1, 64, 128, rules));
  const Array& mask = *cut.options.attention.mask.given;
  REQUIRE(shape_of(mask) == Shape{1, 1, 8, 12});
  CHECK(mask(0, 0, 0, 0) == 0);
  CHECK(mask(0, 0, 0, 11) == -infinity);   // the last key, which the first query does not see
  CHECK(mask(0, 0, 7, 10) == 0);
}

TEST_CASE("a module keeps its heads and its maps") {
  Case c = square();
  c.inputs.x = naive::numbers<double>({4, 40, 6}, 11);
  const Problem<double> cut = cut_down(problem_of(c));
  CHECK(cut.sizes.heads == 3);
  CHECK(shape_of(*cut.weights->w_q) == Shape{6, 6});
  CHECK(shape_of(run_problem(cut).at(Step::output)) == Shape{2, 8, 6});
}
