#include "verify/cases.hpp"

#include <attn/error.hpp>
#include <attn/ops/dot_product.hpp>

#include <doctest/doctest.h>

#include <cstring>

using namespace attn;
using namespace loops;

namespace {

bool same_bits(const Array& a, const Array& b) {
  return shape_of(a) == shape_of(b) && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

void check_reproduces_multihead(const Case& c) {
  const Problem<double> problem = problem_of(c);
  Evaluator<double> run(problem);
  visit(multihead(c.inputs, c.weights, c.options), [&](Step step, const Array& tensor) {
    CAPTURE(std::string(name_of(step)));
    CHECK(same_bits(run.get(step), tensor));
  });
}

}  // namespace

TEST_CASE("every step computed alone is, bit for bit, what the whole run computes") {
  for (const auto make : {square, cross, cross_causal, causal, padded, biased, windowed, hidden_sample, capped, rescaled, large}) {
    check_reproduces_multihead(make());
  }
}

TEST_CASE("so it is with the inside of softmax, averaged weights and dropout") {
  Case c = capped();
  c.options.average_weights = true;
  c.options.attention.detail = Detail::yes;
  c.options.attention.dropout_keep = cells4({2, 3, 5, 5}, [](Index b, Index h, Index i, Index j) { return (b + h + i + j) % 3 ? 1.0 : 0.0; });
  c.options.attention.dropout_p = 1.0 / 3;
  check_reproduces_multihead(c);
}

TEST_CASE("so it is with a cache, appended keys and a finite fill") {
  Case c = causal();
  c.weights.bias_k = naive::numbers<double>({6}, 31);
  c.weights.bias_v = naive::numbers<double>({6}, 32);
  c.options.add_zero_attn = true;
  c.options.attention.past_key = naive::numbers<double>({2, 3, 2, 2}, 21);
  c.options.attention.past_value = naive::numbers<double>({2, 3, 2, 2}, 22);
  c.options.attention.mask_fill = -1e9;
  c.options.attention.mask.valid_lens = {0, 6};
  check_reproduces_multihead(c);
  c.options.attention.masked_rows = MaskedRows::uniform;
  check_reproduces_multihead(c);
}

TEST_CASE("so it is with three sources, with no maps at all, and without a batch axis") {
  Case c = cross();
  c.inputs.memory_value = naive::numbers<double>({2, 5, 6}, 41);
  check_reproduces_multihead(c);
  Case bare = square();
  bare.weights = {};
  check_reproduces_multihead(bare);
  Case flat = causal();
  flat.inputs.x = naive::numbers<double>({5, 6}, 11);
  check_reproduces_multihead(flat);
}

TEST_CASE("attention on given queries, keys and values is reproduced in every rank") {
  const auto check = [](const Shape& q, const Shape& kv, std::size_t heads, std::size_t kv_heads) {
    AttentionOptions<double> options;
    options.mask.causal = true;
    const auto steps = dot_product_attention(naive::numbers<double>(q, 1), naive::numbers<double>(kv, 2), naive::numbers<double>(kv, 3), heads, kv_heads, options);
    Problem<double> problem;
    problem.sizes = steps.attention.sizes;
    problem.options.heads = problem.sizes.heads;
    problem.options.kv_heads = problem.sizes.kv_heads;
    problem.options.attention = options;
    problem.output_shape = shape_of(steps.output);
    visit(steps, [&](Step step, const Array& tensor) {
      if (step == Step::q || step == Step::k || step == Step::v) {
        problem.inputs.emplace(step, tensor);
      } else {
        problem.steps.push_back(step);
      }
    });
    Evaluator<double> run(problem);
    visit(steps, [&](Step step, const Array& tensor) {
      CAPTURE(std::string(name_of(step)));
      CHECK(same_bits(run.get(step), tensor));
    });
  };
  check({4, 6}, {5, 6}, 1, 1);
  check({2, 4, 12}, {2, 5, 6}, 4, 2);
  check({2, 4, 3, 6}, {2, 2, 5, 6}, 4, 2);
}

TEST_CASE("a tensor that is known is used for everything that reads it") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> run(problem);
  const Array weights = filled<double>({2, 3, 5, 5}, 0.5);
  run.know(Step::weights, weights);
  CHECK(&run.get(Step::weights) == &weights);
  const Array& v = run.get(Step::v);
  double sum = 0;
  for (Index j = 0; j < 5; ++j) sum += 0.5 * v(1, 2, j, 1);
  CHECK(run.get(Step::heads)(1, 2, 4, 1) == sum);
}

TEST_CASE("a known tensor does not stand in the way of computing its step") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> run(problem), right(problem);
  const Array wrong = filled<double>({2, 3, 5, 5}, 0.5);
  run.know(Step::weights, wrong);
  CHECK(same_bits(run.compute(Step::weights), right.get(Step::weights)));
}

TEST_CASE("the steps and the inputs of a problem are there, the others are not") {
  const Problem<double> problem = problem_of(square());
  CHECK(problem.has(Step::x));
  CHECK(problem.has(Step::scores_raw));
  CHECK_FALSE(problem.has(Step::mask));
  CHECK_FALSE(problem.has(Step::memory));
}

TEST_CASE("known tensors that do not fit each other are refused, not read beyond their end") {
  const Problem<double> problem = problem_of(causal());
  struct Wrong {
    Step known;
    Shape shape;
    Step computed;
  };
  const Wrong wrongs[] = {
      {Step::q, {2, 3, 5, 3}, Step::scores_raw},     // D 3 against keys of D 2
      {Step::q, {4, 3, 5, 2}, Step::scores_raw},     // four samples against two
      {Step::q, {2, 5, 6}, Step::scores_raw},        // rank 3
      {Step::k, {2, 2, 5, 2}, Step::scores_raw},     // three query heads on two key heads
      {Step::mask, {5, 5}, Step::scores_masked},     // a mask that was never broadcast
      {Step::mask, {2, 1, 5, 5}, Step::scores_masked},
      {Step::mask, {5, 5}, Step::weights},
      {Step::weights, {2, 3, 5, 9}, Step::heads},    // nine keys, five values
      {Step::weights, {2, 5, 5}, Step::heads},       // the mean over heads
      {Step::heads, {2, 3, 5}, Step::merged},
      {Step::merged, {2, 5, 7}, Step::output},
      {Step::q_proj, {2, 5, 7}, Step::q},
  };
  for (const Wrong& wrong : wrongs) {
    CAPTURE(std::string(name_of(wrong.known)));
    CAPTURE(attn::to_string(wrong.shape));
    Evaluator<double> run(problem);
    const Array tensor = filled<double>(wrong.shape, 0.5);
    run.know(wrong.known, tensor);
    CHECK_THROWS_AS(run.compute(wrong.computed), ShapeError);
  }
}

TEST_CASE("the planned shapes are those that come out") {
  for (const Case& c : {square(), cross_causal(), capped()}) {
    const Problem<double> problem = problem_of(c);
    const auto shapes = step_shapes(problem);
    Evaluator<double> run(problem);
    for (const Step step : problem.steps) CHECK(shape_of(run.get(step)) == shapes.at(step));
  }
}

TEST_CASE("a released tensor is computed again where it is asked for") {
  const Problem<double> problem = problem_of(causal());
  Evaluator<double> run(problem);
  const Tensor<double> raw = run.get(Step::scores_raw), weights = run.get(Step::weights);
  run.release(Step::weights);
  CHECK(run.get(Step::scores_raw) == raw);
  CHECK(run.get(Step::weights) == weights);
}

TEST_CASE("a tensor that is supplied is made once, when it is read, and again after its release") {
  const Problem<double> problem = problem_of(square());
  int made = 0;
  const Tensor<double> scores = filled<double>({2, 3, 5, 5}, 0.0);
  Evaluator<double> run(problem);
  run.know(Step::scores_raw, [&]() {
    ++made;
    return scores;
  });
  CHECK(run.knows(Step::scores_raw));
  CHECK_FALSE(run.knows(Step::scores_scaled));
  CHECK(made == 0);
  CHECK(run.get(Step::weights)(0, 0, 0, 0) == 0.2);  // all scores equal: 1/5
  run.get(Step::scores_raw);
  CHECK(made == 1);
  run.release(Step::output);
  run.get(Step::scores_raw);
  CHECK(made == 2);
}

TEST_CASE("a tensor that is taken is the one that was computed; inputs and known tensors stay") {
  const Problem<double> problem = problem_of(square());
  const Tensor<double> known = filled<double>({2, 3, 5, 5}, 0.0);
  Evaluator<double> run(problem);
  run.know(Step::scores_raw, known);
  const double* const made = run.get(Step::weights).data();
  CHECK(run.take(Step::weights).data() == made);  // moved, not copied
  CHECK(run.take(Step::x) == problem.inputs.at(Step::x));
  CHECK(run.take(Step::scores_raw) == known);
}

TEST_CASE("the cells of a run are those of its inputs and of all its steps") {
  // [2, 5, 6]: x, three projections, merged, output; [2, 3, 5, 2]: q, k, v, heads; [2, 3, 5, 5]: raw, scaled and
  // masked scores, weights.
  CHECK(cells_of(problem_of(square())) == 6 * 60 + 4 * 60 + 4 * 150);
}
