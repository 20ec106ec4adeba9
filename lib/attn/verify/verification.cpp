#include <attn/verify/large.hpp>
#include <attn/verify/unfilled.hpp>
#include <attn/verify/verification.hpp>
#include <attn/verify/walk.hpp>

#include <algorithm>
#include <set>

namespace attn {
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

bool any_differs_after(const std::vector<StepVerdict>& verdicts, Step step) {
  const auto is_asked_for_itself = [](const StepVerdict& later) { return later.differs() && base_of(later.step) == Step::mask; };
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const StepVerdict& later) {
    return later.step > step && (later.differs_where_it_counts() || is_asked_for_itself(later));
  });
}

bool was_given(const std::vector<StepVerdict>& verdicts, const Problem<double>& problem, Step step) {
  const StepVerdict* const verdict = verdict_on(verdicts, step);
  return !problem.layer && problem.inputs.count(step) > 0 && verdict && verdict->compared() && !verdict->differs_where_it_counts();
}

std::set<Step> comparable_steps(const Problem<double>& problem) {
  std::set<Step> steps(problem.steps.begin(), problem.steps.end());
  for (const auto& [step, tensor] : problem.inputs) steps.insert(step);
  return steps;
}

std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem) { return run_problem(problem, comparable_steps(problem)); }

std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem, const std::set<Step>& steps) {
  Evaluator<double> run(problem);
  std::map<Step, Tensor<double>> tensors;
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

Observed observed_in(const Verification& match) {
  const auto& found = match.diagnosis;
  Observed observed;
  observed.without_padding = !found.empty() && std::all_of(found.begin(), found.end(), [](const Diagnosis& d) { return d.id == "M17"; });
  for (const StepVerdict& verdict : match.steps) {
    const Status status = verdict.difference.status;
    if (status == Status::match || (status == Status::mismatch && observed.without_padding)) observed.steps.push_back(verdict.step);
  }
  return observed;
}

Verification verify(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  // Worksheets are small.
  const bool worksheet = options.decimals || !theirs.unfilled.empty();
  Verification result = !worksheet && is_large(problem) ? verify_in_parts(problem, theirs, options) : verify_at_once(problem, theirs, options);
  if (result.verdict != Verdict::match) return result;
  BlindSpots blind = find_blind_spots(problem, observed_in(result));
  result.blind_spots = std::move(blind.spots);
  result.blind_spots_on = blind.decided_on;
  result.blind_spots_left_out = blind.left_out;
  return result;
}

}  // namespace attn
