#include <attn/error.hpp>
#include <attn/verify/diagnose.hpp>
#include <attn/verify/excess.hpp>
#include <attn/verify/large.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/verify/unfilled.hpp>
#include <attn/verify/verification.hpp>
#include <attn/workers.hpp>

#include <algorithm>

namespace attn {
namespace {

std::vector<Step> comparable_steps(const Problem<double>& problem) {
  std::vector<Step> steps;
  for (const auto& [step, tensor] : problem.inputs) steps.push_back(step);
  steps.insert(steps.end(), problem.steps.begin(), problem.steps.end());
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

class Walk {
 public:
  Walk(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options)
      : problem_(problem), single_(in_float32(problem)), theirs_(widened(theirs.tensors)), options_(options), ours_(run_problem(problem)) {
    if (options.decimals) {
      rounding_ = decimal_tolerances(problem, ours_, theirs_, *options.decimals);
      return;
    }
    Evaluator<float> single_run(single_);
    for (const auto& [step, tensor] : ours_) rounding_[step] = rounding_tolerance(tensor, single_run.get(step));
  }

  Verification judge() {
    for (const Step step : comparable_steps(problem_)) result_.steps.push_back(compared(step));
    judge_locally();
    // Agreeing on the input is not agreeing on anything that was computed.
    const bool compared = std::any_of(result_.steps.begin(), result_.steps.end(), [this](const StepVerdict& v) {
      return problem_.inputs.count(v.step) == 0 && (v.difference.total > 0 || v.difference.status == Status::shape);
    });
    if (!compared) return std::move(result_);
    explain();
    return std::move(result_);
  }

 private:
  Tolerance tolerance_at(Step step) const {
    Tolerance tolerance = options_.decimals ? half_unit(*options_.decimals) : options_.tolerance.value_or(rounding_.at(step));
    tolerance.equal_nan = options_.equal_nan;
    return tolerance;
  }

  // Ours against theirs.
  StepVerdict compared(Step step) const {
    StepVerdict verdict{step, {}, Local::unknown, {}, tolerance_at(step), shape_of(ours_.at(step)), {}};
    const auto found = theirs_.find(step);
    if (found == theirs_.end()) return verdict;
    verdict.theirs = shape_of(found->second);
    verdict.difference = compare(ours_.at(step), found->second, verdict.tolerance);
    return verdict;
  }

  // Every step by itself; of numbers rounded by hand one after the other, for it depends on those before.
  void judge_locally() {
    std::vector<std::optional<Tolerance>> tolerances(result_.steps.size());
    std::size_t cells = 0;
    for (const auto& [step, tensor] : ours_) cells += tensor.size();
    const bool in_order = options_.decimals || cells < fewest_cells_for_threads;
    for_each_piece(result_.steps.size(), worker_count(in_order ? 1 : 0, result_.steps.size()), [&](std::size_t i, std::size_t) {
      StepVerdict& verdict = result_.steps[i];
      if (theirs_.count(verdict.step) == 0 || problem_.inputs.count(verdict.step)) return;
      try {
        tolerances[i] = judge_locally(verdict);
      } catch (const std::exception&) {
        verdict.local = Local::mismatch;  // their upstream tensors do not even fit each other
      }
    });
    for (std::size_t i = 0; i < tolerances.size(); ++i) {
      if (tolerances[i]) local_tolerance_[result_.steps[i].step] = *tolerances[i];
    }
  }

  // Our operation on their upstream tensors against theirs; what rounding explains there.
  Tolerance judge_locally(StepVerdict& verdict) const {
    Evaluator<double> run(problem_);
    Evaluator<float> single(single_);
    for (const auto& [upstream, tensor] : theirs_) {
      // Only a tensor of the right shape can stand upstream of other steps.
      if (upstream >= verdict.step || !ours_.count(upstream) || shape_of(ours_.at(upstream)) != shape_of(tensor)) continue;
      run.know(upstream, tensor);
      single.know(upstream, [&tensor = tensor]() { return Tensor<float>(xt::cast<float>(tensor)); });
    }
    const Tensor<double> local = run.compute(verdict.step);
    const Tolerance rounding = options_.decimals ? rounding_.at(verdict.step) : rounding_tolerance(local, single.compute(verdict.step));
    Tolerance tolerance = options_.decimals && !after_divergence(verdict.step) ? verdict.tolerance : options_.tolerance.value_or(rounding);
    // NaN that follows from their own NaN is a consequence.
    tolerance.equal_nan = options_.equal_nan || differs_before(verdict.step);
    verdict.local_difference = compare(local, theirs_.at(verdict.step), tolerance);
    verdict.local = verdict.local_difference.status == Status::match ? Local::match : Local::mismatch;
    return rounding;
  }

  // Of numbers rounded by hand: what stands before is wrong anyway, and may have been carried on unrounded.
  bool after_divergence(Step step) const {
    return std::any_of(result_.steps.begin(), result_.steps.end(), [step](const StepVerdict& before) { return before.step < step && before.diverges(); });
  }

  bool differs_before(Step step) const {
    return std::any_of(result_.steps.begin(), result_.steps.end(), [step](const StepVerdict& before) {
      return before.step < step && before.difference.status != Status::match && before.difference.status != Status::missing;
    });
  }

  // Explains the first step that differs locally, then the next one that this does not explain, …
  void explain() {
    bool wrong = false;
    bool all_explained = false;
    for (const StepVerdict& verdict : result_.steps) {
      if (!verdict.diverges() || all_explained) continue;
      const auto tolerance = local_tolerance_.find(verdict.step);
      const Divergence divergence{problem_, theirs_, ours_, rounding_, verdict.step,
                                  tolerance != local_tolerance_.end() ? tolerance->second : rounding_.at(verdict.step)};
      std::vector<Diagnosis> found;
      if (only_nan(verdict)) {
        found = {{"T3", "NaN", verdict.step, true, false, 0, ""}};
      } else if (rounding_only(verdict)) {
        found = {{"T1", options_.decimals ? "decimals" : "", verdict.step, true, false, verdict.difference.max_abs, ""}};
      } else {
        found = diagnose(divergence, all_explained);
        // Decimals are coarser than any float: a low precision cannot be told from them.
        if (options_.decimals && !found.empty() && found.front().id == "T2") found.clear();
        if (found.empty() && !pairs_are_tried(divergence)) result_.pairs_left_out = true;
      }
      const bool convention = keep_conventions(found);
      if (!convention && !wrong) {
        wrong = true;
        result_.first_divergent_step = verdict.step;
      }
      add(found);
    }
    result_.verdict = wrong ? Verdict::mismatch : Verdict::match;
    if (wrong) result_.excess = excess_at(*result_.first_divergent_step);
  }

  std::optional<Tensor<double>> excess_at(Step step) const {
    const auto theirs = theirs_.find(step);
    if (theirs == theirs_.end() || shape_of(theirs->second) != shape_of(ours_.at(step))) return std::nullopt;
    return excess(ours_.at(step), theirs->second, tolerance_at(step));
  }

  // A convention that explains everything and keeps the result leaves nothing to hold against them, even where
  // a mistake explains it too. Padded rows are the exception: a real mistake may show in them alone.
  static bool keep_conventions(std::vector<Diagnosis>& found) {
    const auto innocent = [](const Diagnosis& d) { return d.convention && d.id != "M17"; };
    if (std::any_of(found.begin(), found.end(), innocent)) {
      found.erase(std::remove_if(found.begin(), found.end(), [](const Diagnosis& d) { return !d.convention; }), found.end());
    }
    return !found.empty() && std::all_of(found.begin(), found.end(), [](const Diagnosis& d) { return d.convention; });
  }

  // The same NaN on both sides, and NaN was not said to be equal: nothing was compared there.
  bool only_nan(const StepVerdict& verdict) const {
    if (verdict.difference.status == Status::shape || options_.equal_nan) return false;
    Tolerance tolerance = tolerance_at(verdict.step);
    tolerance.equal_nan = true;
    return compare(ours_.at(verdict.step), theirs_.at(verdict.step), tolerance).status == Status::match;
  }

  // Narrower tolerances were asked for than float32 arithmetic, or earlier steps rounded by hand, can keep.
  bool rounding_only(const StepVerdict& verdict) const {
    if ((!options_.tolerance && !options_.decimals) || verdict.difference.status == Status::shape) return false;
    Tolerance tolerance = rounding_.at(verdict.step);
    tolerance.equal_nan = true;
    return compare(ours_.at(verdict.step), theirs_.at(verdict.step), tolerance).status == Status::match;
  }

  void add(const std::vector<Diagnosis>& found) {
    for (const Diagnosis& diagnosis : found) {
      const bool listed = std::any_of(result_.diagnosis.begin(), result_.diagnosis.end(),
                                      [&](const Diagnosis& other) { return other.id == diagnosis.id; });
      if (!listed) result_.diagnosis.push_back(diagnosis);
    }
  }

  const Problem<double>& problem_;
  const Problem<float> single_;
  const std::map<Step, Tensor<double>> theirs_;
  const VerifyOptions& options_;
  std::map<Step, Tensor<double>> ours_;
  std::map<Step, Tolerance> rounding_, local_tolerance_;
  Verification result_;
};

}  // namespace

const char* to_string(Verdict verdict) {
  return verdict == Verdict::match ? "match" : verdict == Verdict::mismatch ? "mismatch" : "incomparable";
}

const char* to_string(Local local) {
  return local == Local::match ? "match" : local == Local::mismatch ? "mismatch" : "unknown";
}

std::map<Step, Tensor<double>> run_problem(const Problem<double>& problem) {
  Evaluator<double> run(problem);
  std::map<Step, Tensor<double>> tensors;
  for (const Step step : comparable_steps(problem)) tensors.emplace(step, run.get(step));
  return tensors;
}

Verification verify_at_once(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  if (theirs.unfilled.empty()) return Walk(problem, theirs, options).judge();
  Verification verification = Walk(problem, completed(problem, theirs), options).judge();
  leave_out_unfilled(verification, theirs, run_problem(problem), options);
  return verification;
}

Verification verify(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  std::optional<Verification> result;
  // Worksheets are small.
  const bool worksheet = options.decimals || !theirs.unfilled.empty();
  if (!worksheet && is_large(problem)) result = verify_in_slices(problem, theirs, options);
  if (!result) result = verify_at_once(problem, theirs, options);
  if (result->verdict != Verdict::match) return std::move(*result);
  std::vector<Step> observed;
  for (const StepVerdict& verdict : result->steps) {
    if (verdict.difference.status == Status::match) observed.push_back(verdict.step);
  }
  BlindSpots blind = find_blind_spots(problem, observed);
  result->blind_spots = std::move(blind.spots);
  result->blind_spots_on = blind.decided_on;
  result->blind_spots_left_out = blind.left_out;
  return std::move(*result);
}

}  // namespace attn
