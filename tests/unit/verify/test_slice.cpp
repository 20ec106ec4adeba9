#include "verify/cases.hpp"
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
