#include <attn/verify/excess.hpp>
#include <attn/verify/from_equals.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/verify/walk.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <exception>

namespace attn {
namespace {

// A convention that explains everything and keeps the result leaves nothing to hold against them, even where
// a mistake explains it too. Padded rows are the exception: a real mistake may show in them alone.
bool keep_conventions(std::vector<Diagnosis>& found) {
  const auto innocent = [](const Diagnosis& d) { return d.convention && d.id != "M17"; };
  if (std::any_of(found.begin(), found.end(), innocent)) {
    found.erase(std::remove_if(found.begin(), found.end(), [](const Diagnosis& d) { return !d.convention; }), found.end());
  }
  return !found.empty() && std::all_of(found.begin(), found.end(), [](const Diagnosis& d) { return d.convention; });
}

void add(std::vector<Diagnosis>& all, const std::vector<Diagnosis>& found) {
  for (const Diagnosis& diagnosis : found) {
    const bool listed = std::any_of(all.begin(), all.end(), [&](const Diagnosis& other) { return other.id == diagnosis.id; });
    if (!listed) all.push_back(diagnosis);
  }
}

// Where all that the last step reads was handed in, no other step before it says more of what explains it than what it is
// computed from.
std::set<Step> steps_up_to(const Problem<double>& problem, const Submission& theirs, Step last) {
  const std::vector<Step> operands = operands_of(last);
  const bool reads_theirs = !problem.layer && std::all_of(operands.begin(), operands.end(), [&](Step operand) {
    return !problem.has(operand) || theirs.tensors.count(operand) > 0;
  });
  const auto is_left_out = [&](Step step) {
    const bool leads_there = step == last || is_computed_from(problem, last, step, [](Step) { return false; });
    return step > last || (reads_theirs && !leads_there);
  };
  std::set<Step> steps;
  for (const Step step : comparable_steps(problem)) {
    if (!is_left_out(step)) steps.insert(step);
  }
  return steps;
}

}  // namespace

bool anything_compared(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(), [&](const StepVerdict& v) {
    return problem.inputs.count(v.step) == 0 && (v.difference.total > 0 || v.difference.status == Status::shape);
  });
}

void explain(Verification& verification, const std::function<Explained(const StepVerdict&)>& explanation_of) {
  bool wrong = false;
  for (const StepVerdict& verdict : verification.steps) {
    if (!verdict.diverges()) continue;
    Explained found = explanation_of(verdict);
    verification.pairs_left_out = verification.pairs_left_out || found.pairs_left_out;
    const bool convention = keep_conventions(found.diagnosis);
    if (!convention && !wrong) {
      wrong = true;
      verification.first_divergent_step = verdict.step;
    }
    add(verification.diagnosis, found.diagnosis);
    if (found.rest) break;
  }
  verification.verdict = wrong ? Verdict::mismatch : Verdict::match;
}

Walk::Walk(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options, std::optional<Step> last)
    : problem_(problem),
      single_(in_float32(problem)),
      theirs_(widened(theirs.tensors, last)),
      options_(options),
      ours_(run_problem(problem, last ? steps_up_to(problem, theirs, *last) : comparable_steps(problem))) {
  if (options.decimals) {
    rounding_ = decimal_tolerances(problem, ours_, theirs_, *options.decimals);
  } else {
    Evaluator<float> single_run(single_);
    for (const auto& [step, tensor] : ours_) rounding_[step] = rounding_tolerance(tensor, single_run.get(step));
  }
  for (const auto& [step, tensor] : ours_) verdicts_.push_back(compared(step));
  leave_out_padding();
  judge_locally();
}

// Cells of padding may hold anything, as large as it pleases: what is computed from theirs has ours there, or it would be
// rounded, and spoilt, by what does not count.
void Walk::leave_out_padding() {
  for (StepVerdict& verdict : verdicts_) {
    if (verdict.difference.status != Status::mismatch && verdict.difference.status != Status::nonfinite) continue;
    const Tensor<double>& ours = ours_.at(verdict.step);
    auto counting = with_padding_of(problem_, verdict.step, theirs_.at(verdict.step), &ours);
    if (!counting) continue;
    Tolerance equal_nan = verdict.tolerance;
    equal_nan.equal_nan = true;
    const Difference found = compare_what_counts(problem_, verdict.step, ours, theirs_.at(verdict.step), verdict.tolerance)->finish();
    verdict.in_padding_alone = found.status == Status::match && !agree(ours, theirs_.at(verdict.step), equal_nan);
    verdict.worst_that_counts = found.at;
    counting_.emplace(verdict.step, std::move(*counting));
  }
}

Verification Walk::findings() const {
  Verification result;
  result.steps = verdicts_;
  if (!anything_compared(problem_, verdicts_)) return result;
  explain(result, [this](const StepVerdict& verdict) { return explained(verdict); });
  if (result.first_divergent_step) result.excess = excess_at(*result.first_divergent_step);
  return result;
}

Divergence Walk::divergence_at(Step step, Padding padding) const {
  if (padding == Padding::left_out && without_padding_.empty()) {
    without_padding_ = counting_;
    without_padding_.insert(theirs_.begin(), theirs_.end());
  }
  const auto tolerance = local_tolerance_.find(step);
  const Tolerance rounding = tolerance != local_tolerance_.end() ? tolerance->second : rounding_.at(step);
  return {problem_, padding == Padding::left_out ? without_padding_ : theirs_, ours_, rounding_, step, rounding, verdicts_, padding};
}

Explained Walk::diagnosed(const StepVerdict& verdict) const {
  if (auto padding_alone = explained_by_padding_alone(verdicts_, verdict)) return *padding_alone;
  const bool others_may_tell = !counting_.empty() && !verdict.in_padding_alone;
  return with_or_without_padding(others_may_tell, [&](Padding padding) { return diagnose(divergence_at(verdict.step, padding)); });
}

Tolerance Walk::tolerance_at(Step step) const {
  Tolerance tolerance = options_.decimals ? half_unit(*options_.decimals) : options_.tolerance.value_or(rounding_.at(step));
  tolerance.equal_nan = options_.equal_nan;
  return tolerance;
}

// Ours against theirs.
StepVerdict Walk::compared(Step step) const {
  StepVerdict verdict{step, {}, Local::unknown, tolerance_at(step), shape_of(ours_.at(step)), {}};
  const auto found = theirs_.find(step);
  if (found == theirs_.end()) return verdict;
  verdict.theirs = shape_of(found->second);
  verdict.difference = compare(ours_.at(step), found->second, verdict.tolerance);
  verdict.worst_that_counts = verdict.difference.at;
  return verdict;
}

// Every step by itself; of numbers rounded by hand one after the other, for it depends on those before.
void Walk::judge_locally() {
  std::vector<std::optional<Tolerance>> tolerances(verdicts_.size());
  const bool in_order = options_.decimals || cells_of(problem_) < fewest_cells_for_threads;
  for_each_piece(verdicts_.size(), worker_count(in_order ? 1 : 0, verdicts_.size()), [&](std::size_t i, std::size_t) {
    StepVerdict& verdict = verdicts_[i];
    if (theirs_.count(verdict.step) == 0 || problem_.inputs.count(verdict.step)) return;
    if (follows_from_equals(problem_, verdicts_, verdict, Padding::left_out) && !options_.decimals) {
      verdict.local = Local::match;
      return;
    }
    try {
      tolerances[i] = judge_locally(verdict);
    } catch (const std::exception&) {
      verdict.local = Local::mismatch;  // their upstream tensors do not even fit each other
    }
  });
  for (StepVerdict& verdict : verdicts_) {
    const bool computed = problem_.inputs.count(verdict.step) == 0;
    if (computed && verdict.in_padding_alone && !padding_follows(verdict)) verdict.local = Local::mismatch;
  }
  for (std::size_t i = 0; i < tolerances.size(); ++i) {
    if (tolerances[i]) local_tolerance_[verdicts_[i].step] = *tolerances[i];
  }
}

// Tells both runs what is known of theirs before the step: as they are, or with our padding.
void Walk::know_before(Step step, bool with_their_padding, Evaluator<double>& run, Evaluator<float>& single) const {
  for (const auto& [upstream, tensor] : theirs_) {
    // Only a tensor of the right shape can stand upstream of other steps.
    if (upstream >= step || !ours_.count(upstream) || shape_of(ours_.at(upstream)) != shape_of(tensor)) continue;
    const auto counting = counting_.find(upstream);
    const Tensor<double>& known = with_their_padding || counting == counting_.end() ? tensor : counting->second;
    run.know(upstream, known);
    single.know(upstream, [&known]() { return Tensor<float>(xt::cast<float>(known)); });
  }
}

// Our operation on their upstream tensors against theirs; what rounding explains there, unless it matches anyway.
std::optional<Tolerance> Walk::judge_locally(StepVerdict& verdict) const {
  Evaluator<double> run(problem_);
  Evaluator<float> single(single_);
  know_before(verdict.step, false, run, single);
  const Tensor<double> local = run.compute(verdict.step);
  const auto padded = counting_.count(verdict.step) > 0 ? with_padding_of(problem_, verdict.step, theirs_.at(verdict.step), &local) : std::nullopt;
  const Tensor<double>& theirs = padded ? *padded : theirs_.at(verdict.step);
  const auto matches_by = [&](Tolerance tolerance) {
    // NaN that follows from their own NaN is a consequence.
    tolerance.equal_nan = options_.equal_nan || differs_before(verdicts_, verdict.step);
    const bool matches = agree(local, theirs, tolerance);
    verdict.local = matches ? Local::match : Local::mismatch;
    return matches;
  };
  if (options_.decimals) {
    const Tolerance rounding = rounding_.at(verdict.step);
    return matches_by(after_divergence(verdict.step) ? options_.tolerance.value_or(rounding) : verdict.tolerance) ? std::nullopt : std::optional(rounding);
  }
  if (matches_by(options_.tolerance.value_or(least_tolerance(local)))) return std::nullopt;
  const Tolerance rounding = rounding_tolerance(local, single.compute(verdict.step));
  if (!options_.tolerance) matches_by(rounding);
  return rounding;
}

// Whether their padding, too, is what our operation makes of theirs before it.
bool Walk::padding_follows(const StepVerdict& verdict) const {
  const Step step = verdict.step;
  if (!options_.tolerance && departs_from_equals(problem_, verdicts_, verdict)) return false;
  Evaluator<double> run(problem_);
  Evaluator<float> single(single_);
  know_before(step, true, run, single);
  try {
    const Tensor<double> local = run.compute(step);
    Tolerance tolerance = options_.tolerance.value_or(rounding_tolerance(local, single.compute(step)));
    tolerance.equal_nan = true;
    return agree(local, theirs_.at(step), tolerance);
  } catch (const std::exception&) {
    return false;  // their upstream tensors do not even fit each other
  }
}

// Of numbers rounded by hand: what stands before is wrong anyway, and may have been carried on unrounded.
bool Walk::after_divergence(Step step) const {
  return std::any_of(verdicts_.begin(), verdicts_.end(), [step](const StepVerdict& before) { return before.step < step && before.diverges(); });
}

std::optional<Tensor<double>> Walk::excess_at(Step step) const {
  const auto theirs = theirs_.find(step);
  if (theirs == theirs_.end() || shape_of(theirs->second) != shape_of(ours_.at(step))) return std::nullopt;
  return excess(ours_.at(step), theirs->second, tolerance_at(step));
}

// The same NaN on both sides, and NaN was not said to be equal: nothing was compared there.
bool Walk::only_nan(const StepVerdict& verdict) const {
  if (verdict.difference.status == Status::shape || options_.equal_nan) return false;
  const auto counting = counting_.find(verdict.step);
  Tolerance tolerance = tolerance_at(verdict.step);
  tolerance.equal_nan = true;
  return !verdict.in_padding_alone && agree(ours_.at(verdict.step), counting != counting_.end() ? counting->second : theirs_.at(verdict.step), tolerance);
}

// Narrower tolerances were asked for than float32 arithmetic, or earlier steps rounded by hand, can keep.
bool Walk::rounding_only(const StepVerdict& verdict) const {
  if ((!options_.tolerance && !options_.decimals) || verdict.difference.status == Status::shape) return false;
  Tolerance tolerance = rounding_.at(verdict.step);
  tolerance.equal_nan = true;
  return compare(ours_.at(verdict.step), theirs_.at(verdict.step), tolerance).status == Status::match;
}

Explained Walk::explained(const StepVerdict& verdict) const {
  if (only_nan(verdict)) return {{{"T3", "NaN", verdict.step, true, false, 0, ""}}};
  if (rounding_only(verdict)) return {{{"T1", options_.decimals ? "decimals" : "", verdict.step, true, false, verdict.difference.max_abs, ""}}};
  Explained found = diagnosed(verdict);
  // Decimals are coarser than any float: neither a low precision nor a coarse exponential can be told from them, and what
  // follows a wrong number on a sheet need not be made from it, as with other weights.
  const auto untold = [](const Diagnosis& d) { return d.id == "T2" || d.id == "P9" || (d.id == "W6" && d.variant == "approximate exponential"); };
  if (options_.decimals && !found.diagnosis.empty() && untold(found.diagnosis.front())) found.diagnosis.clear();
  return found;
}

}  // namespace attn
