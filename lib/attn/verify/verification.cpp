#include <attn/verify/large.hpp>
#include <attn/verify/unfilled.hpp>
#include <attn/verify/verification.hpp>
#include <attn/verify/walk.hpp>

#include <algorithm>
#include <set>

namespace attn {
namespace {

std::set<Step> comparable_steps(const Problem<double>& problem, std::optional<Step> last) {
  std::set<Step> steps(problem.steps.begin(), problem.steps.end());
  for (const auto& [step, tensor] : problem.inputs) steps.insert(step);
  if (last) steps.erase(steps.upper_bound(*last), steps.end());
  return steps;
}

// Whether all that a step is computed from, as far as it was handed in and fits, is ours.
bool reads_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, Step step) {
  if (problem.layer) return !differs_before(verdicts, step);
  const auto can_stand = [](const StepVerdict& read) { return read.compared() && read.difference.status != Status::shape; };
  const auto is_known = [&](Step upstream) {
    const StepVerdict* const read = verdict_on(verdicts, upstream);
    return read && can_stand(*read);
  };
  return std::none_of(verdicts.begin(), verdicts.end(), [&](const StepVerdict& before) {
    const bool differs = can_stand(before) && before.difference.status != Status::match;
    return differs && is_computed_from(problem, step, before.step, is_known);
  });
}

}  // namespace

const char* to_string(Verdict verdict) {
  return verdict == Verdict::match ? "match" : verdict == Verdict::mismatch ? "mismatch" : "incomparable";
}

const char* to_string(Local local) {
  return local == Local::match ? "match" : local == Local::mismatch ? "mismatch" : "unknown";
}

const StepVerdict* verdict_on(const std::vector<StepVerdict>& verdicts, Step step) {
  const auto found = std::find_if(verdicts.begin(), verdicts.end(), [step](const StepVerdict& verdict) { return verdict.step == step; });
  return found == verdicts.end() ? nullptr : &*found;
}

bool differs_before(const std::vector<StepVerdict>& verdicts, Step step) {
  return std::any_of(verdicts.begin(), verdicts.end(), [step](const StepVerdict& before) {
    return before.step < step && before.compared() && before.difference.status != Status::match;
  });
}

bool follows_from_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict) {
  return verdict.difference.status == Status::match && reads_equals(problem, verdicts, verdict.step);
}

bool departs_from_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict) {
  constexpr double far = 1000;  // beyond all that the rounding of their operands may become
  const bool differs = verdict.difference.status == Status::mismatch && verdict.difference.passing_atol > far * verdict.tolerance.atol;
  return differs && reads_equals(problem, verdicts, verdict.step);
}

bool was_given(const std::vector<StepVerdict>& verdicts, const Problem<double>& problem, Step step) {
  const StepVerdict* const verdict = verdict_on(verdicts, step);
  return !problem.layer && problem.inputs.count(step) > 0 && verdict && verdict->difference.status == Status::match;
}

std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem, std::optional<Step> last) {
  Evaluator<double> run(problem);
  std::map<Step, Tensor<double>> tensors;
  const std::set<Step> steps = comparable_steps(problem, last);
  for (const Step step : steps) run.get(step);
  for (const Step step : steps) tensors.emplace(step, run.take(step));
  return tensors;
}

Verification verify_at_once(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  if (theirs.unfilled.empty()) return Walk(problem, theirs, options).findings();
  const Submission filled = completed(problem, theirs);
  Verification verification = Walk(problem, filled, options).findings();
  leave_out_unfilled(verification, theirs, run_problem(problem), options);
  return verification;
}

Verification verify(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  // Worksheets are small.
  const bool worksheet = options.decimals || !theirs.unfilled.empty();
  Verification result = !worksheet && is_large(problem) ? verify_in_parts(problem, theirs, options) : verify_at_once(problem, theirs, options);
  if (result.verdict != Verdict::match) return result;
  std::vector<Step> observed;
  for (const StepVerdict& verdict : result.steps) {
    if (verdict.difference.status == Status::match) observed.push_back(verdict.step);
  }
  BlindSpots blind = find_blind_spots(problem, observed);
  result.blind_spots = std::move(blind.spots);
  result.blind_spots_on = blind.decided_on;
  result.blind_spots_left_out = blind.left_out;
  return result;
}

}  // namespace attn
