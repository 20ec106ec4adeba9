#include "verify/given_heads.hpp"
#include "verify/submission.hpp"

#include <attn/verify/following.hpp>
#include <attn/verify/judging.hpp>
#include <attn/verify/padding.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

std::map<Step, Local> locals(const Problem<double>& problem, const Tensors& theirs, const VerifyOptions& options = {}) {
  const Submission submission = submission_of(theirs);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, options).verdicts();
  return judged_locally(problem, submission, verdicts, options, std::set<Step>(problem.steps.begin(), problem.steps.end()));
}

}  // namespace

TEST_CASE("a step that is wrong in the last part alone does not follow, and what comes of it does") {
  const Problem<double> problem = given_heads(2, 120);
  const double right = 1 / std::sqrt(3.0);
  const auto found = locals(problem, with_scaled(problem, [&](Index b, Index h) { return b == 1 && h == 3 ? 1.0 : right; }));
  for (const Step step : problem.steps) {
    CAPTURE(std::string(name_of(step)));
    CHECK((found.at(step) == Local::match) == (step != Step::scores_scaled));
  }
}

TEST_CASE("another shape never follows, and is not computed with") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  theirs[Step::weights] = filled<double>({2, 2, 120, 120}, 0.5);
  const auto found = locals(problem, theirs);
  CHECK(found.at(Step::weights) == Local::mismatch);
  CHECK(found.at(Step::heads) == Local::match);  // from our weights of their scores
}

TEST_CASE("NaN that comes of their NaN is a consequence") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  theirs[Step::weights](1, 0, 7, 3) = std::nan("");
  for (Index d = 0; d < 2; ++d) theirs[Step::heads](1, 0, 7, d) = theirs[Step::output](1, 0, 7, d) = std::nan("");
  const auto found = locals(problem, theirs);
  CHECK(found.at(Step::weights) == Local::mismatch);
  CHECK(found.at(Step::heads) == Local::match);
  CHECK(found.at(Step::output) == Local::match);
}

TEST_CASE("a given tolerance is the only one") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  theirs[Step::heads](0, 0, 0, 0) += 0.01;
  CHECK(locals(problem, theirs).at(Step::heads) == Local::mismatch);
  VerifyOptions wide;
  wide.tolerance = Tolerance{0, 0.1, false};
  CHECK(locals(problem, theirs, wide).at(Step::heads) == Local::match);
}

TEST_CASE("the output of a module whose heads are parts is judged from all of them") {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({1, 270, 6}, 11);
  const Problem<double> problem = problem_of(c);
  REQUIRE(parts_of(problem).front()->kv_head);
  Tensors theirs = run_problem(problem);
  theirs[Step::output](0, 100, 4) += 1;
  const auto found = locals(problem, theirs);
  CHECK(found.at(Step::output) == Local::mismatch);
  CHECK(found.at(Step::merged) == Local::match);
}

TEST_CASE("padding of theirs spoils nothing that counts, and follows for itself") {
  const Problem<double> problem = problem_of(padded());
  Tensors theirs = run_problem(problem);
  const auto spoil = [&](Step step, double filler) {
    const Tensor<double> full = filled<double>(shape_of(theirs.at(step)), filler);
    theirs.at(step) = *with_padding_of(problem, step, theirs.at(step), &full);
  };
  spoil(Step::k, std::nan(""));
  spoil(Step::heads, 1e6);
  auto found = locals(problem, theirs);
  CHECK(found.at(Step::k) == Local::mismatch);           // not what our operation makes of k_proj
  CHECK(found.at(Step::scores_raw) == Local::match);     // ours from keys that count
  CHECK(found.at(Step::heads) == Local::mismatch);
  CHECK(found.at(Step::merged) == Local::match);
  theirs.at(Step::scores_raw)(0, 1, 2, 0) += 1e-3;       // a query and a key that count
  found = locals(problem, theirs);
  CHECK(found.at(Step::scores_raw) == Local::mismatch);
  CHECK(found.at(Step::scores_scaled) == Local::mismatch);
}
