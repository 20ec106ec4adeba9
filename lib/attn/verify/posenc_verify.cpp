#include <attn/error.hpp>
#include <attn/verify/excess.hpp>
#include <attn/verify/posenc_rounding.hpp>
#include <attn/verify/posenc_verify.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn::posenc {
namespace {

// Numbers a run may hold before blind spots, for which its own tables are identified, are left out.
constexpr std::size_t most_cells_for_blind_spots = 300000;

// Relative part of the default tolerance, PyTorch's for float32.
constexpr double default_rtol = 1.3e-6;

const Deviation* with_kind(const std::vector<Deviation>& deviations, const Deviation& wanted) {
  const auto found = std::find_if(deviations.begin(), deviations.end(), [&](const Deviation& one) { return one.kind == wanted.kind; });
  return found == deviations.end() ? nullptr : &*found;
}

// What a choice that is no mistake by itself is when it was not asked for.
std::string id_of(const Deviation& one) {
  if (!one.id.empty()) return one.id;
  const std::map<std::string, std::string> unasked = {{"offset", "E7"}, {"partial", "R4"}, {"unrotated", "R7"}, {"symmetric", "AL3"}};
  const auto found = unasked.find(one.kind);
  return found == unasked.end() ? "" : found->second;
}

class Judge {
 public:
  Judge(const EncodingRun& run, const Submission& theirs, const VerifyOptions& options) : run_(run), theirs_(widened(theirs.tensors)), options_(options) {
    for (const EncodingStep& step : run.steps) tensors_[step.step] = step.ours;
  }

  Verification judge() {
    bool compared = false;
    for (const EncodingStep& step : run_.steps) {
      result_.steps.push_back(judged(step));
      const Difference& found = result_.steps.back().difference;
      compared = compared || (!step.given && (found.total > 0 || found.status == Status::shape));
    }
    if (!compared) return std::move(result_);
    explain();
    if (result_.verdict == Verdict::match) add_blind_spots();
    return std::move(result_);
  }

 private:
  Tolerance tolerance_of(const EncodingStep& step) const {
    const Tolerance rounding = options_.decimals ? half_unit(*options_.decimals) : Tolerance{default_rtol, step.rounding, false};
    Tolerance tolerance = options_.tolerance.value_or(rounding);
    tolerance.equal_nan = options_.equal_nan;
    return tolerance;
  }

  StepVerdict judged(const EncodingStep& step) {
    StepVerdict verdict{step.step, {}, Local::unknown, tolerance_of(step), shape_of(step.ours), {}};
    const auto found = theirs_.find(step.step);
    if (found == theirs_.end()) return verdict;
    verdict.theirs = shape_of(found->second);
    verdict.difference = compare(step.ours, found->second, verdict.tolerance);
    if (!step.given) {
      const bool matches = agree(step.from ? step.from(tensors_) : step.ours, found->second, verdict.tolerance);
      verdict.local = matches ? Local::match : Local::mismatch;
    }
    if (verdict.theirs == verdict.ours) tensors_[step.step] = found->second;
    return verdict;
  }

  void explain() {
    bool wrong = false;
    for (std::size_t i = 0; i < run_.steps.size(); ++i) {
      const StepVerdict& verdict = result_.steps[i];
      if (!verdict.diverges()) continue;
      const std::vector<Diagnosis> found = diagnosis_of(run_.steps[i], verdict);
      const bool convention = !found.empty() && std::all_of(found.begin(), found.end(), [](const Diagnosis& d) { return d.convention; });
      if (!convention && !wrong) {
        wrong = true;
        result_.first_divergent_step = verdict.step;
        if (verdict.ours == verdict.theirs) result_.excess = excess(run_.steps[i].ours, theirs_.at(verdict.step), verdict.tolerance);
      }
      for (const Diagnosis& one : found) {
        const bool listed = std::any_of(result_.diagnosis.begin(), result_.diagnosis.end(), [&](const Diagnosis& other) { return other.id == one.id; });
        if (!listed) result_.diagnosis.push_back(one);
      }
    }
    result_.verdict = wrong ? Verdict::mismatch : Verdict::match;
  }

  // Whether all that is wrong is within a tolerance.
  bool passes(const EncodingStep& step, const StepVerdict& verdict, const Tolerance& tolerance) const {
    return verdict.difference.status != Status::shape && compare(step.ours, theirs_.at(step.step), tolerance).status == Status::match;
  }

  std::vector<Diagnosis> diagnosis_of(const EncodingStep& step, const StepVerdict& verdict) const {
    Tolerance with_nan = tolerance_of(step);
    with_nan.equal_nan = true;
    if (!options_.equal_nan && passes(step, verdict, with_nan)) return {{"T3", "NaN", step.step, true, false, 0, ""}};
    if (options_.tolerance && passes(step, verdict, {default_rtol, step.rounding, true})) {
      return {{"T1", "", step.step, true, false, verdict.difference.max_abs, ""}};
    }
    Tensors tensors = tensors_;
    tensors[step.step] = theirs_.at(step.step);
    Identification named;
    try {
      if (run_.identify) named = run_.identify(step.step, tensors);
    } catch (const Error&) {
      named = {};  // its shape is that of no table
    }
    std::vector<Diagnosis> found;
    for (const Explanation& one : named.explanations) add(found, step.step, one, named.explanations.size() == 1, named.rounding);
    if (found.empty()) try_candidates(found, step);
    return found;
  }

  // The deviations of one explanation, as one mistake or as a pair.
  void add(std::vector<Diagnosis>& found, Step step, const Explanation& explanation, bool explains, const std::string& rounding) const {
    std::vector<Deviation> differences = difference(explanation.deviations, run_.usual);
    if (options_.decimals) {
      // Decimals are coarser than any float: a low precision cannot be told from them.
      const auto of_rounding = [](const Deviation& one) { return one.id == "R6" || one.id == "E11"; };
      differences.erase(std::remove_if(differences.begin(), differences.end(), of_rounding), differences.end());
    } else if (differences.empty() && (rounding == float16_type().name || rounding == bfloat16_type().name)) {
      found.push_back({"T2", rounding, step, explains, false, explanation.residual, "", false, "float32"});
    }
    for (const Deviation& one : differences) {
      std::string others;
      for (const Deviation& other : differences) {
        if (other.id != one.id) others += (others.empty() ? "" : " ") + other.id;
      }
      const bool of_ours = with_kind(run_.usual, one) != nullptr;
      found.push_back({one.id, one.found, step, explains, one.equivalent, explanation.residual, others, of_ours, one.expected});
    }
  }

  void try_candidates(std::vector<Diagnosis>& found, const EncodingStep& step) const {
    for (const Candidate& candidate : run_.candidates) {
      const Tensors made = candidate.run();
      const auto tensor = made.find(step.step);
      if (tensor == made.end()) continue;
      const Difference left = compare(tensor->second, theirs_.at(step.step), tolerance_of(step));
      if (left.status != Status::match) continue;
      found.push_back({candidate.deviation.id, candidate.deviation.found, step.step, false, false, left.max_abs, "", false, candidate.deviation.expected});
    }
  }

  // What each step that agrees could not have shown; blind is what none of them shows.
  void add_blind_spots() {
    std::size_t cells = 0;
    for (const EncodingStep& step : run_.steps) cells += step.ours.size();
    if (!run_.identify || cells > most_cells_for_blind_spots) {
      result_.blind_spots_left_out = true;
      return;
    }
    bool first = true;
    for (std::size_t i = 0; i < run_.steps.size(); ++i) {
      if (run_.steps[i].given || result_.steps[i].difference.status != Status::match) continue;
      const Identification ours = run_.identify(run_.steps[i].step, tensors_);
      if (ours.explanations.empty()) continue;
      std::vector<BlindSpot> spots;
      for (const Unseen& unseen : ours.cannot_tell) {
        const std::string& id = unseen.deviation.id;
        const bool listed = std::any_of(spots.begin(), spots.end(), [&](const BlindSpot& spot) { return spot.id == id; });
        const bool shown_before = !first && std::none_of(result_.blind_spots.begin(), result_.blind_spots.end(), [&](const BlindSpot& spot) { return spot.id == id; });
        if (!id.empty() && !unseen.partial && !listed && !shown_before) spots.push_back({id, unseen.possible});
      }
      result_.blind_spots = std::move(spots);
      first = false;
    }
    result_.blind_spots_left_out = first;
  }

  const EncodingRun& run_;
  const Tensors theirs_;
  const VerifyOptions& options_;
  Tensors tensors_;  // of the run, replaced by theirs once those have been seen
  Verification result_;
};

}  // namespace

double rounding_at(std::uint64_t last) {
  return static_cast<double>(std::numeric_limits<float>::epsilon()) * (4 + 2 * static_cast<double>(last));
}

std::vector<Deviation> difference(const std::vector<Deviation>& theirs, const std::vector<Deviation>& ours) {
  std::vector<Deviation> result;
  for (Deviation one : theirs) {
    const Deviation* same = with_kind(ours, one);
    if (same && same->found == one.found) continue;
    if (same) one.expected = same->found;
    one.id = id_of(one);
    if (!one.id.empty()) result.push_back(one);
  }
  for (Deviation one : ours) {
    if (with_kind(theirs, one)) continue;
    std::swap(one.found, one.expected);
    one.id = id_of(one);
    if (!one.id.empty()) result.push_back(one);
  }
  return result;
}

Verification verify_encoding(const EncodingRun& run, const Submission& theirs, const VerifyOptions& options) {
  return Judge(run, theirs, options).judge();
}

}  // namespace attn::posenc
