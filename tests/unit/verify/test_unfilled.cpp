#include "verify/submission.hpp"

#include "verify/cases.hpp"

#include <attn/verify/unfilled.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

const double no_number = std::numeric_limits<double>::quiet_NaN();

void change(Submission& submission, Step step, std::size_t cell, double value) {
  Tensor<double> tensor = submission.tensors.at(step).in<double>();
  tensor.data()[cell] = value;
  submission.tensors[step] = std::move(tensor);
}

double number(const Submission& submission, Step step, std::size_t cell) { return submission.tensors.at(step).in<double>().data()[cell]; }

Tensors right_run() { return Program{square(), {}, {}}.run(); }

// The weights of a right run with these cells left empty.
Submission with_empty_weights(const std::vector<std::size_t>& cells) {
  Submission submission = only(Step::weights, right_run());
  for (const std::size_t i : cells) change(submission, Step::weights, i, no_number);
  submission.unfilled[Step::weights] = cells;
  return submission;
}

const StepVerdict& on(const Verification& v, Step step) {
  return *std::find_if(v.steps.begin(), v.steps.end(), [&](const StepVerdict& verdict) { return verdict.step == step; });
}

}  // namespace

TEST_CASE("an empty cell is filled by what follows from the numbers before it") {
  const Problem<double> problem = problem_of(square());
  Submission submission = submission_of(right_run());
  const double right = number(submission, Step::weights, 7);
  change(submission, Step::weights, 7, no_number);
  submission.unfilled[Step::weights] = {7};
  const Submission whole = completed(problem, submission);
  CHECK(number(whole, Step::weights, 7) == doctest::Approx(right));
  CHECK(whole.unfilled.empty());
}

TEST_CASE("a step without any number is left out") {
  std::vector<std::size_t> all(150);  // B 2, H 3, Lq 5, Lk 5
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const Submission whole = completed(problem_of(square()), with_empty_weights(all));
  CHECK(whole.tensors.count(Step::weights) == 0);
  const Verification v = verify(problem_of(square()), with_empty_weights(all), {});
  CHECK(v.verdict == Verdict::incomparable);
  CHECK(on(v, Step::weights).unfilled == 150);
}

TEST_CASE("a right but incomplete submission is not a match, and only filled cells are counted") {
  const Verification v = verify(problem_of(square()), with_empty_weights({0, 9, 149}), {});
  CHECK(v.verdict == Verdict::incomparable);
  CHECK_FALSE(v.first_divergent_step);
  const StepVerdict& weights = on(v, Step::weights);
  CHECK(weights.difference.status == Status::match);
  CHECK(weights.difference.total == 147);
  CHECK(weights.unfilled == 3);
}

TEST_CASE("a wrong cell beside empty ones is found where it stands") {
  Submission submission = with_empty_weights({0, 9});
  change(submission, Step::weights, 10, number(submission, Step::weights, 10) + 0.5);
  const Verification v = verify(problem_of(square()), submission, {});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::weights);
  CHECK(on(v, Step::weights).difference.at == 10);
  CHECK(on(v, Step::weights).difference.mismatched == 1);
}

TEST_CASE("shapes that do not fit are findings here too") {
  Submission submission = with_empty_weights({0});
  submission.tensors[Step::scores_raw] = naive::numbers<double>({2, 2}, 1);
  CHECK(verify(problem_of(square()), submission, {}).verdict == Verdict::mismatch);
}
