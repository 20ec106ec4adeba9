#include "verify/given_heads.hpp"
#include "verify/submission.hpp"

#include <attn/verify/judging.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

const StepVerdict& at(const std::vector<StepVerdict>& verdicts, Step step) {
  return *std::find_if(verdicts.begin(), verdicts.end(), [&](const StepVerdict& v) { return v.step == step; });
}

Submission exact(const Tensors& tensors) {
  Submission submission;
  for (const auto& [step, tensor] : tensors) submission.tensors.emplace(step, tensor);
  return submission;
}

}  // namespace

TEST_CASE("every step of a run in parts gets the verdict that one comparison of the whole gives") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  for (double& value : theirs[Step::weights].storage()) value *= 1.001;
  theirs[Step::weights](1, 0, 50, 3) += 0.5;
  theirs[Step::heads](1, 3, 119, 1) += 2;
  const Submission submission = exact(theirs);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const Tensors ours = run_problem(problem);
  REQUIRE(verdicts.size() == ours.size());
  for (const auto& [step, tensor] : ours) {
    CAPTURE(std::string(name_of(step)));
    const StepVerdict& verdict = at(verdicts, step);
    const Difference whole = compare(tensor, theirs.at(step), verdict.tolerance);
    CHECK(verdict.difference.status == whole.status);
    CHECK(verdict.difference.total == whole.total);
    CHECK(verdict.difference.max_abs == whole.max_abs);
    CHECK(verdict.difference.at == whole.at);
    CHECK(verdict.difference.ours == whole.ours);
    CHECK(verdict.difference.theirs == whole.theirs);
    CHECK(verdict.difference.cosine == doctest::Approx(whole.cosine).epsilon(1e-14));
  }
  CHECK(at(verdicts, Step::heads).difference.mismatched == 1);
  CHECK(at(verdicts, Step::heads).difference.at == ((1 * 4 + 3) * 120 + 119) * 2 + 1);
}

TEST_CASE("rounding to float32 passes in parts, and the tolerance that was asked for is kept") {
  const Problem<double> problem = given_heads(2, 120);
  const Submission submission = submission_of(run_problem(problem));
  CHECK(Judging(problem, submission, {}).first() == nullptr);
  VerifyOptions strict;
  strict.tolerance = Tolerance{0, 0, false};
  const auto verdicts = Judging(problem, submission, strict).verdicts();
  CHECK(at(verdicts, Step::weights).difference.status == Status::mismatch);
  CHECK(at(verdicts, Step::weights).tolerance.atol == 0);
  CHECK(at(verdicts, Step::mask).difference.status == Status::match);  // 0 and −inf are float32 numbers
}

TEST_CASE("a missing step is missing and another shape is another shape, in parts too") {
  const Problem<double> problem = given_heads(2, 120);
  Submission submission;
  submission.tensors.emplace(Step::weights, filled<double>({2, 4, 120, 119}, 0.5));
  const auto verdicts = Judging(problem, submission, {}).verdicts();
  CHECK(at(verdicts, Step::weights).difference.status == Status::shape);
  CHECK(at(verdicts, Step::heads).difference.status == Status::missing);
}

TEST_CASE("the map of the first step that differs is that of the whole") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  theirs[Step::scores_scaled](1, 2, 60, 119) += 5;
  theirs[Step::heads](0, 1, 119, 1) += 3;  // later, in another part
  const Submission submission = exact(theirs);
  const Judging judging(problem, submission, {});
  REQUIRE(judging.first());
  CHECK(judging.first()->step == Step::scores_scaled);
  CHECK_FALSE(judging.map_of(Step::heads));
  const auto map = judging.map_of(Step::scores_scaled);
  REQUIRE(map);
  // 120 rows in blocks of 5, 120 columns in blocks of 4: row 60 is in block 12, column 119 in block 29.
  CHECK(map->grid.rows() == 5);
  CHECK(map->grid.columns() == 4);
  CHECK(shape_of(map->worst) == Shape{2, 4, 24, 30});
  CHECK(map->worst(1, 2, 12, 29) == doctest::Approx(5));
  double sum = 0;
  for (const double worst : map->worst.storage()) sum += worst;
  CHECK(sum == doctest::Approx(5));
}

TEST_CASE("where every step agrees there is no first and no map, and another shape has no map") {
  const Problem<double> problem = given_heads(2, 120);
  const Submission right = submission_of(run_problem(problem));
  CHECK(Judging(problem, right, {}).first() == nullptr);
  CHECK_FALSE(Judging(problem, right, {}).map_of(Step::weights));
  Submission shorter;
  shorter.tensors.emplace(Step::weights, filled<double>({2, 4, 120, 119}, 0.5));
  const Judging judging(problem, shorter, {});
  CHECK(judging.first()->step == Step::weights);
  CHECK_FALSE(judging.map_of(Step::weights));
}

TEST_CASE("a step that differs in padding alone is said to, in parts and when heads are joined") {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({1, 270, 6}, 11);
  c.options.attention.mask.valid_lens = {200};
  const Problem<double> problem = problem_of(c);
  REQUIRE(parts_of(problem).front()->kv_head);
  Tensors theirs = run_problem(problem);
  theirs[Step::q](0, 2, 200, 1) += 1;
  theirs[Step::scores_raw](0, 1, 7, 230) = std::nan("");
  theirs[Step::weights](0, 0, 250, 3) += 1;
  theirs[Step::heads](0, 0, 250, 1) += 1;
  theirs[Step::heads](0, 2, 199, 1) += 1;
  theirs[Step::output](0, 260, 1) += 1;
  const auto verdicts = Judging(problem, submission_of(theirs), {}).verdicts();
  for (const Step step : problem.steps) {
    CAPTURE(std::string(name_of(step)));
    const bool alone = step == Step::q || step == Step::scores_raw || step == Step::weights || step == Step::output;
    CHECK(at(verdicts, step).in_padding_alone == alone);
    CHECK((at(verdicts, step).difference.status == Status::match) == !(alone || step == Step::heads));
  }
  const Submission submission = submission_of(theirs);
  const Judging judging(problem, submission, {});
  CHECK(judging.map_of(Step::q));
  CHECK(judging.map_of(Step::heads));  // the first that does not differ in padding alone
  CHECK_FALSE(judging.map_of(Step::weights));
}
