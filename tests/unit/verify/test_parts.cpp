#include "verify/given_heads.hpp"

#include <attn/verify/parts.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>

using namespace attn;
using namespace loops;

namespace {

// Every tensor of the run, put together from those of its parts; NaN where no part put anything.
Tensors put_together(const Problem<double>& problem) {
  Tensors whole;
  for (const auto& [step, shape] : step_shapes(problem)) whole[step] = filled<double>(shape, std::nan(""));
  const auto parts = parts_of(problem);
  JoinedHeads<double> joined(problem, parts);
  for_each_part(problem, parts, [&](const Part& part, std::size_t) {
    const Tensors own = run_problem(part.problem());
    for (const auto& [step, tensor] : own) {
      if (!part.judges(step) || !problem.has(step)) continue;
      const auto place = part.places(step);
      for (std::size_t i = 0; i < tensor.size(); ++i) whole.at(step).data()[place(i)] = tensor.data()[i];
    }
    if (joined.needed()) joined.put(part, own.at(Step::merged));
  });
  if (!joined.needed()) return whole;
  Evaluator<double> rest(problem);
  rest.know(Step::merged, joined.merged());
  whole[Step::output] = rest.get(Step::output);
  return whole;
}

// Self-attention of one sample, three heads of 2, 270 causal positions.
Problem<double> long_module() {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({1, 270, 6}, 11);
  return problem_of(c);
}

}  // namespace

TEST_CASE("a run on given heads falls apart into samples and key heads") {
  const auto parts = parts_of(given_heads(2, 120));  // 5 · 2·4·120² numbers and some, in 4 parts
  REQUIRE(parts.size() == 4);
  CHECK(parts[0]->sample == 0);
  CHECK(parts[1]->kv_head == 1);
  CHECK(parts[2]->sample == 1);
}

TEST_CASE("a run of a module falls apart into samples, because an output needs every head") {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({2, 110, 6}, 11);
  const auto parts = parts_of(problem_of(c));
  REQUIRE(parts.size() == 2);
  CHECK_FALSE(parts[1]->kv_head.has_value());
}

TEST_CASE("a long run falls apart into queries, too") {
  const auto parts = parts_of(given_heads(1, 330));  // 10 · 330² numbers and some for a key head
  REQUIRE(parts.size() == 4);
  REQUIRE(parts[3]->queries);
  CHECK(parts[3]->kv_head == 1);
  CHECK(parts[2]->queries->first == 0);
  CHECK(parts[2]->queries->count == parts[3]->queries->first);
  CHECK(parts[3]->queries->first + parts[3]->queries->count == 330);
  const auto module = parts_with_all_heads(long_module());
  REQUIRE(module.size() == 2);
  CHECK_FALSE(module[1]->kv_head);
  CHECK(module[1]->queries->first > 0);
}

TEST_CASE("a run without queries has its samples and heads as parts all the same") {
  const Problem<double> problem = without_queries(2, 30000);
  CHECK(parts_of(problem).size() == 4);
}

TEST_CASE("queries are not told apart where every part would map all keys and values anew, for longer than it attends") {
  Problem<double> wide = long_module();
  wide.sizes.key_width = wide.sizes.value_width = 4096;
  CHECK(parts_with_all_heads(wide).size() == 1);
}

TEST_CASE("a long sample of a module falls apart into heads, and its output is computed once they are joined") {
  const Problem<double> problem = long_module();
  const auto parts = parts_of(problem);
  REQUIRE(parts.size() == 3);
  CHECK(parts[2]->kv_head == 2);
  CHECK(JoinedHeads<double>(problem, parts).needed());
  CHECK_FALSE(Part(problem, parts[0]).judges(Step::output));
  CHECK_FALSE(JoinedHeads<double>(problem, parts_with_all_heads(problem)).needed());
  Problem<double> averaged = problem;  // over all heads
  averaged.steps.push_back(Step::weights_averaged);
  CHECK_FALSE(parts_of(averaged).front()->kv_head);
}

TEST_CASE("parts that are not worth their making are not made") {
  const auto parts = parts_of(given_heads(2, 5));
  REQUIRE(parts.size() == 1);
  CHECK_FALSE(parts[0].has_value());
  // Small heads, samples large enough: 5 · 4·40² numbers and some.
  CHECK(parts_of(given_heads(3, 40)).size() == 3);
}

TEST_CASE("the parts together are the whole, every cell in its place") {
  for (const Problem<double>& problem : {given_heads(2, 120), given_heads(3, 40), given_heads(1, 4), given_heads(1, 330), long_module()}) {
    const Tensors whole = run_problem(problem), parts = put_together(problem);
    for (const auto& [step, tensor] : whole) {
      CAPTURE(std::string(name_of(step)));
      CHECK(agree(parts.at(step), tensor, {1e-12, 1e-14, true}));
    }
  }
}

TEST_CASE("a part cuts what was handed in as it cuts the run, and leaves another shape as it is") {
  const Problem<double> problem = given_heads(2, 120);
  const Tensors whole = run_problem(problem);
  const Part part(problem, Slice{1, 1});
  StoredTensor room;
  const Tensors own = run_problem(part.problem());
  CHECK(part.cut(Step::weights, whole.at(Step::weights), room).in<double>() == own.at(Step::weights));
  const StoredTensor other(filled<double>({2, 3}, 1.0));
  CHECK(part.cut(Step::weights, other, room).shape() == Shape{2, 3});
  // weights[0, 1, 7, 5] of the part is weights[1, 3, 7, 5]: the second key head is read by heads 2 and 3.
  CHECK(part.places(Step::weights)((1 * 120 + 7) * 120 + 5) == ((1 * 4 + 3) * 120 + 7) * 120 + 5);
}

TEST_CASE("what all heads have in common is judged once for each sample") {
  Case c = causal();
  const Problem<double> module = problem_of(c);
  CHECK(Part(module, Slice{0, 0}).judges(Step::x));
  CHECK_FALSE(Part(module, Slice{0, 1}).judges(Step::x));
  const Part later(module, Slice{0, std::nullopt, QueryRange{2, 3}});
  CHECK(later.judges(Step::x));
  CHECK(later.judges(Step::weights));
  CHECK_FALSE(later.judges(Step::k_proj));
  CHECK(Part(module, Slice{0, std::nullopt, QueryRange{0, 2}}).judges(Step::k_proj));
  CHECK(Part(module, Slice{0, 1}).judges(Step::q_proj));
  CHECK(Part(module, Slice{1, std::nullopt}).judges(Step::x));
}

TEST_CASE("what goes wrong in a part reaches the caller") {
  const Problem<double> problem = given_heads(2, 120);
  std::atomic<int> called = 0;
  const auto fail = [&](const Part&, std::size_t) {
    ++called;
    throw std::runtime_error("no");
  };
  CHECK_THROWS_AS(for_each_part(problem, parts_of(problem), fail), std::runtime_error);
  CHECK(called >= 1);
}
