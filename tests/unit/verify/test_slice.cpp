#include "verify/cases.hpp"
#include "verify/given_heads.hpp"
#include "verify/submission.hpp"

#include <attn/verify/slice.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// cross() with a mask and a dropout for every sample and head.
Case grouped() {
  Case c = cross();
  c.options.attention.mask.valid_lens = {5, 3};
  c.options.attention.mask.given = naive::numbers<double>({2, 4, 3, 5}, 21);
  return c;
}

// The cells [b, h…, i, j] of a tensor of heads that one sample and two neighbouring heads have.
Array heads_of(const Array& whole, Index sample, Index first, Index count) {
  return cells4({1, count, whole.shape(2), whole.shape(3)}, [&](Index, Index h, Index i, Index j) { return whole(sample, first + h, i, j); });
}

}  // namespace

TEST_CASE("a slice of heads has the numbers that those heads have in the whole") {
  const Problem<double> whole = problem_of(grouped());
  const Tensors all = run_problem(whole);
  const Problem<double> part = problem_of_slice(whole, {1, 1});  // the second key head, read by heads 2 and 3
  const Tensors sliced = run_problem(part);
  for (const Step step : {Step::q, Step::scores_raw, Step::mask, Step::scores_masked, Step::weights, Step::heads}) {
    CAPTURE(std::string(name_of(step)));
    CHECK(agree(sliced.at(step), heads_of(all.at(step), 1, 2, 2)));
  }
  CHECK(agree(sliced.at(Step::k), heads_of(all.at(Step::k), 1, 1, 1)));
  CHECK(sliced.count(Step::output) == 0);  // it needs every head
  CHECK(sliced.at(Step::merged)(0, 2, 5) == doctest::Approx(all.at(Step::merged)(1, 2, 2 * 3 + 5)).epsilon(1e-12));
  CHECK(part.all_heads == 4);
}

TEST_CASE("a slice of one sample keeps all heads and the output") {
  const Problem<double> whole = problem_of(grouped());
  const Tensors all = run_problem(whole);
  const Tensors sliced = run_problem(problem_of_slice(whole, {1, std::nullopt}));
  CHECK(agree(sliced.at(Step::weights), heads_of(all.at(Step::weights), 1, 0, 4)));
  const Array output = cells3({1, 3, 6}, [&](Index, Index i, Index e) { return all.at(Step::output)(1, i, e); });
  CHECK(agree(sliced.at(Step::output), output));
}

TEST_CASE("a slice of queries has the rows that they have in the whole, whatever the mask says of positions") {
  Case aligned = cross_causal();
  aligned.options.attention.mask.valid_lens = {4, 5};
  Case windows = windowed();
  windows.options.attention.mask.align = CausalAlign::bottom_right;
  for (const Case& c : {square(), cross(), causal(), padded(), biased(), aligned, windows}) {
    const Problem<double> whole = problem_of(c);
    const Tensors all = run_problem(whole);
    const std::size_t length = whole.sizes.query_len;
    for (const QueryRange queries : {QueryRange{0, 1}, QueryRange{1, length - 1}, QueryRange{1, 1}}) {
      const Tensors rows = run_problem(problem_of_slice(whole, {1, std::nullopt, queries}));
      for (const auto& [step, tensor] : all) {
        CAPTURE(std::string(name_of(step)));
        const auto place = places_in_whole(whole, step, {1, std::nullopt, queries});
        const Tensor<double>& part = rows.at(step);
        Tensor<double> expected = empty<double>(shape_of(part));
        for (std::size_t i = 0; i < part.size(); ++i) expected.data()[i] = tensor.data()[place(i)];
        CHECK(agree(part, expected, {1e-12, 1e-14, true}));
      }
    }
  }
}

TEST_CASE("a slice of queries of self-attention has all of their input as its memory") {
  const Problem<double> whole = problem_of(square());
  Submission theirs;
  theirs.tensors[Step::x] = StoredTensor(naive::numbers<double>({2, 5, 6}, 77));
  const Submission part = submission_of_slice(theirs, whole, {1, std::nullopt, QueryRange{3, 2}});
  const Tensor<double> x = theirs.tensors.at(Step::x).in<double>(), rows = part.tensors.at(Step::x).in<double>(), memory = part.tensors.at(Step::memory).in<double>();
  REQUIRE(shape_of(rows) == Shape{1, 2, 6});
  REQUIRE(shape_of(memory) == Shape{1, 5, 6});
  CHECK(rows(0, 1, 2) == x(1, 4, 2));
  CHECK(memory(0, 4, 2) == x(1, 4, 2));
  CHECK(memory(0, 0, 5) == x(1, 0, 5));
}

TEST_CASE("queries of a slice are turned by the positions that they have in the whole") {
  Problem<double> whole = given_heads(1, 6);
  whole.inputs[Step::q] = naive::numbers<double>({1, 4, 6, 4}, 31);
  whole.inputs[Step::k] = naive::numbers<double>({1, 2, 6, 4}, 32);
  whole.sizes.head_dim = 4;
  whole.options.attention.rotary = RotaryPositions<double>{};
  whole.steps.insert(whole.steps.begin(), {Step::q_rot, Step::k_rot});
  const Tensors all = run_problem(whole), rows = run_problem(problem_of_slice(whole, {0, 1, QueryRange{4, 2}}));
  for (Index h = 0; h < 2; ++h) {
    for (Index i = 0; i < 2; ++i) {
      for (Index d = 0; d < 4; ++d) CHECK(rows.at(Step::q_rot)(0, h, i, d) == all.at(Step::q_rot)(0, h + 2, i + 4, d));
      for (Index j = 0; j < 6; ++j) CHECK(rows.at(Step::weights)(0, h, i, j) == doctest::Approx(all.at(Step::weights)(0, h + 2, i + 4, j)).epsilon(1e-14));
    }
  }
  CHECK(rows.at(Step::q_rot)(0, 0, 0, 0) != all.at(Step::q)(0, 2, 4, 0));  // it is turned at all
}

TEST_CASE("some queries of all samples and heads are a slice, too") {
  const Problem<double> whole = problem_of(grouped());
  const Problem<double> part = problem_of_slice(whole, {std::nullopt, std::nullopt, QueryRange{1, 2}});
  CHECK(part.sizes.batch == 2);
  CHECK(part.sizes.heads == 4);
  const Tensors all = run_problem(whole), rows = run_problem(part);
  CHECK(shape_of(rows.at(Step::weights)) == Shape{2, 4, 2, 5});
  CHECK(rows.at(Step::weights)(1, 3, 0, 4) == doctest::Approx(all.at(Step::weights)(1, 3, 1, 4)).epsilon(1e-14));
}

TEST_CASE("a slice gets so many queries as make the numbers asked for, around the cell, inside the run") {
  const Problem<double> whole = given_heads(1, 60);
  const Slice head = {0, 1};
  // A query of two heads: 5 · 2·60 scores and the like, 2·3 of q, 2·2 + 2·2 of heads and output; k and v have 60·3 and 60·2.
  CHECK(cells_of_slice(whole, head) == 60 * (5 * 120 + 6 + 8) + 60 * 5);
  const auto around = [&](std::size_t query) { return *with_queries_around(whole, head, Step::weights, ((0 * 4 + 3) * 60 + query) * 60 + 7, 10 * 619).queries; };
  CHECK(around(30).count == 10);
  CHECK(around(30).first == 25);
  CHECK(around(2).first == 0);
  CHECK(around(59).first == 50);
  // Keys have no queries: the last ones see them all.
  CHECK(with_queries_around(whole, head, Step::k, 0, 10 * 619).queries->first == 50);
  CHECK(with_queries_around(whole, head, Step::weights, 0, 1 << 30).queries->count == 60);
}

TEST_CASE("tensors handed in are cut as the run is; those of another shape stay whole") {
  const Problem<double> whole = problem_of(grouped());
  Submission theirs = submission_of(run_problem(whole));
  theirs.tensors[Step::heads] = filled<double>({2, 2}, 1.0);
  const Slice slice{0, 1};
  const Submission part = submission_of_slice(theirs, whole, slice);
  const std::map<Step, Shape> shapes = step_shapes(problem_of_slice(whole, slice));
  for (const auto& [step, tensor] : part.tensors) {
    CAPTURE(std::string(name_of(step)));
    CHECK(tensor.shape() == (step == Step::heads ? Shape{2, 2} : shapes.at(step)));
  }
  CHECK(part.tensors.count(Step::output) == 0);
  CHECK(part.tensors.at(Step::weights).in<double>()(0, 1, 2, 4) == theirs.tensors.at(Step::weights).in<double>()(0, 3, 2, 4));
}

TEST_CASE("a float32 submission is cut in float32") {
  const Problem<double> whole = problem_of(grouped());
  Submission theirs;
  theirs.tensors[Step::weights] = StoredTensor(filled<float>({2, 4, 3, 5}, 0.25f));
  const Submission part = submission_of_slice(theirs, whole, {1, 0});
  CHECK(part.tensors.at(Step::weights).view().precision() == Precision::float32);
  CHECK(part.tensors.at(Step::weights).shape() == Shape{1, 2, 3, 5});
}

TEST_CASE("the slice around a cell is the one that it lies in") {
  const Problem<double> whole = problem_of(grouped());
  const std::size_t at = ((1 * 4 + 3) * 3 + 2) * 5 + 1;  // weights[1, 3, 2, 1]; head 3 reads key head 1
  const Slice heads = slice_around(whole, Step::weights, at, true);
  CHECK(heads.sample == 1);
  CHECK(heads.kv_head == 1);
  CHECK_FALSE(slice_around(whole, Step::weights, at, false).kv_head);
  const Slice output = slice_around(whole, Step::output, 3 * 6 + 4, false);  // output[1, 0, 4]
  CHECK(output.sample == 1);
}
