#include "verify/cases.hpp"
#include "verify/submission.hpp"

#include <attn/verify/walk.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

StepVerdict differing(Step step) {
  StepVerdict verdict{step, {}, Local::mismatch, {}, {}, {}};
  verdict.difference.status = Status::mismatch;
  return verdict;
}

Diagnosis named(const char* id, Step step, bool convention = false) { return {id, "", step, true, convention, 0, ""}; }

}  // namespace

TEST_CASE("steps that diverge are explained in order, until one explanation covers the rest") {
  Verification v;
  v.steps = {differing(Step::scores_raw), differing(Step::scores_scaled), differing(Step::weights)};
  v.steps[0].local = Local::match;  // a consequence
  std::vector<Step> asked;
  explain(v, [&](const StepVerdict& verdict) -> Explained {
    asked.push_back(verdict.step);
    return {{named("C2", verdict.step)}, verdict.step == Step::scores_scaled, false};
  });
  CHECK(asked == std::vector<Step>{Step::scores_scaled});
  CHECK(v.verdict == Verdict::mismatch);
  CHECK(v.first_divergent_step == Step::scores_scaled);
}

TEST_CASE("an explanation may judge later steps anew") {
  Verification v;
  v.steps = {differing(Step::scores_raw), differing(Step::weights)};
  std::vector<Step> asked;
  explain(v, [&](const StepVerdict& verdict) -> Explained {
    asked.push_back(verdict.step);
    v.steps[1].local = Local::match;
    return {};
  });
  CHECK(asked == std::vector<Step>{Step::scores_raw});
}

TEST_CASE("conventions alone leave nothing wrong, and speak alone, but for rows of padding") {
  const auto explained_by = [](std::vector<Diagnosis> diagnosis) {
    Verification v;
    v.steps = {differing(Step::weights)};
    explain(v, [&](const StepVerdict&) -> Explained { return {diagnosis, true, false}; });
    return v;
  };
  const Verification convention = explained_by({named("M1", Step::weights), named("M9", Step::weights, true)});
  CHECK(convention.verdict == Verdict::match);
  CHECK_FALSE(convention.first_divergent_step);
  CHECK(ids_of(convention.diagnosis) == "M9");
  const Verification padded = explained_by({named("M1", Step::weights), named("M17", Step::weights, true)});
  CHECK(padded.verdict == Verdict::mismatch);
  CHECK(ids_of(padded.diagnosis) == "M1 M17");
  CHECK(explained_by({}).verdict == Verdict::mismatch);
}

TEST_CASE("agreeing on what was given is not agreeing on anything") {
  const Problem<double> problem = problem_of(square());
  StepVerdict input{Step::x, {}, Local::unknown, {}, {}, {}};
  input.difference.total = 60;
  CHECK_FALSE(anything_compared(problem, {input}));
  input.step = Step::q_proj;
  CHECK(anything_compared(problem, {input}));
}

TEST_CASE("a walk tells a wrong step from its consequences") {
  Program p{square(), {}, {}};
  p.replaced[Step::scores_scaled] = [](const Program&, const Tensors& t) { return t.at(Step::scores_raw); };
  const Problem<double> problem = problem_of(square());
  const Submission theirs = submission_of(p.run());
  const Walk walk(problem, theirs, {});
  for (const StepVerdict& verdict : walk.verdicts()) {
    CAPTURE(std::string(name_of(verdict.step)));
    if (verdict.step == Step::x) CHECK(verdict.local == Local::unknown);
    if (verdict.step > Step::x && verdict.step < Step::scores_scaled) CHECK(verdict.local == Local::match);
    if (verdict.step == Step::scores_scaled) CHECK(verdict.diverges());
    if (verdict.step > Step::scores_scaled) CHECK_FALSE(verdict.diverges());
    if (verdict.step == Step::weights) CHECK(verdict.difference.status == Status::mismatch);
  }
  CHECK(walk.divergence_at(Step::scores_scaled).step == Step::scores_scaled);
  CHECK(ids_of(walk.findings().diagnosis) == "C2");
}

TEST_CASE("a walk up to a step does not look at what was handed in after it") {
  Tensors all = run_problem(problem_of(square()));
  all[Step::scores_scaled](0, 1, 2, 3) += 1;
  all[Step::output] = filled<double>({7}, 0.0);
  const Problem<double> problem = problem_of(square());
  const Submission theirs = submission_of(all);
  const Walk walk(problem, theirs, {}, Step::scores_scaled);
  CHECK(walk.verdicts().back().step == Step::scores_scaled);
  CHECK(walk.verdicts().back().diverges());
  CHECK(walk.divergence_at(Step::scores_scaled).theirs.rbegin()->first == Step::scores_scaled);
}

TEST_CASE("a walk up to a step leaves out what does not lead there, where all that the step reads was handed in") {
  const Problem<double> problem = problem_of(square());
  Tensors all = run_problem(problem);
  const auto has_values = [&](const Tensors& tensors) {
    const Submission theirs = submission_of(tensors);
    const Walk walk(problem, theirs, {}, Step::weights);
    CHECK(verdict_on(walk.verdicts(), Step::q_proj));
    return verdict_on(walk.verdicts(), Step::v) != nullptr;
  };
  CHECK_FALSE(has_values(all));
  all.erase(Step::scores_masked);
  CHECK(has_values(all));
}
