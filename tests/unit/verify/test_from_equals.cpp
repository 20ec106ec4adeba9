#include "verify/cases.hpp"

#include <attn/verify/from_equals.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

TEST_CASE("equal results of equal operands follow, whatever differs elsewhere") {
  const Problem<double> problem = problem_of(causal());
  std::vector<StepVerdict> verdicts;
  const auto add = [&](Step step, Status status) {
    StepVerdict verdict{step, {}, Local::unknown, {}, {}, {}};
    verdict.difference.status = status;
    verdicts.push_back(verdict);
  };
  const auto follows = [&](Step step) { return follows_from_equals(problem, verdicts, *verdict_on(verdicts, step)); };
  add(Step::x, Status::match);
  add(Step::q_proj, Status::mismatch);
  add(Step::k_proj, Status::match);
  add(Step::v_proj, Status::missing);
  add(Step::k, Status::match);
  add(Step::v, Status::match);
  add(Step::scores_raw, Status::match);
  add(Step::scores_scaled, Status::match);
  CHECK(follows(Step::k_proj));
  CHECK(follows(Step::k));
  CHECK(follows(Step::v));                 // by way of a map that was not handed in
  CHECK_FALSE(follows(Step::q_proj));      // it differs
  CHECK_FALSE(follows(Step::scores_raw));  // from queries that were not handed in, and they from q_proj
  CHECK(follows(Step::scores_scaled));     // their raw scores are ours
  verdicts[1].difference.status = Status::shape;
  CHECK(follows(Step::scores_raw));        // what does not fit is not computed with
}

TEST_CASE("a result far from ours of equal operands does not follow, and a near one is not judged by that") {
  const Problem<double> problem = problem_of(causal());
  std::vector<StepVerdict> verdicts;
  const auto add = [&](Step step, Status status, double passing_atol) {
    StepVerdict verdict{step, {}, Local::unknown, {1e-6, 1e-6, false}, {}, {}};
    verdict.difference.status = status;
    verdict.difference.passing_atol = passing_atol;
    verdict.difference.cosine = 0.5;
    verdicts.push_back(verdict);
  };
  const auto departs = [&](Step step) { return departs_from_equals(problem, verdicts, *verdict_on(verdicts, step)); };
  add(Step::q_proj, Status::match, 0);
  add(Step::k_proj, Status::mismatch, 1);
  add(Step::scores_raw, Status::mismatch, 1);
  add(Step::scores_scaled, Status::match, 0);
  add(Step::scores_masked, Status::mismatch, 1e-5);
  add(Step::weights, Status::mismatch, 1);
  CHECK(departs(Step::k_proj));
  CHECK_FALSE(departs(Step::q_proj));         // it is ours
  CHECK_FALSE(departs(Step::scores_raw));     // k_proj is not
  CHECK_FALSE(departs(Step::scores_masked));  // rounding may do as much
  CHECK_FALSE(departs(Step::weights));        // scores_masked is not ours
  for (StepVerdict& verdict : verdicts) verdict.difference.cosine = 0.999;
  CHECK(departs(Step::k_proj));               // a linear map makes the rounding of theirs no larger
  verdicts[1].difference.status = verdicts[2].difference.status = verdicts[4].difference.status = Status::match;
  CHECK_FALSE(departs(Step::weights));        // large scores carry the rounding of theirs as far
  verdicts[5].difference.cosine = 0.5;
  CHECK(departs(Step::weights));
}

TEST_CASE("what differs in padding alone is equal where it counts, and departs where it does not") {
  const Problem<double> problem = problem_of(padded());
  std::vector<StepVerdict> verdicts;
  const auto add = [&](Step step, Status status, bool in_padding_alone) {
    StepVerdict verdict{step, {}, Local::unknown, {1e-6, 1e-6, false}, {}, {}};
    verdict.difference.status = status;
    verdict.difference.passing_atol = 1;
    verdict.difference.cosine = 0.5;
    verdict.in_padding_alone = in_padding_alone;
    verdicts.push_back(verdict);
  };
  const auto verdict = [&](Step step) { return *verdict_on(verdicts, step); };
  add(Step::q, Status::match, false);
  add(Step::k, Status::mismatch, true);
  add(Step::scores_raw, Status::match, false);
  add(Step::scores_scaled, Status::nonfinite, true);
  add(Step::scores_masked, Status::mismatch, false);
  CHECK(follows_from_equals(problem, verdicts, verdict(Step::k), Padding::left_out));
  CHECK(follows_from_equals(problem, verdicts, verdict(Step::scores_raw), Padding::left_out));
  CHECK(follows_from_equals(problem, verdicts, verdict(Step::scores_scaled), Padding::left_out));
  CHECK_FALSE(follows_from_equals(problem, verdicts, verdict(Step::scores_masked), Padding::left_out));
  CHECK_FALSE(follows_from_equals(problem, verdicts, verdict(Step::k)));           // of all cells
  CHECK_FALSE(follows_from_equals(problem, verdicts, verdict(Step::scores_raw)));
  CHECK(departs_from_equals(problem, verdicts, verdict(Step::k)));
  CHECK_FALSE(departs_from_equals(problem, verdicts, verdict(Step::scores_masked)));  // the padding before it may have done it
}
