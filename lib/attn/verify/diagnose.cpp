#include <attn/error.hpp>
#include <attn/verify/diagnose.hpp>
#include <attn/verify/precision.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

// Cells evaluated when mistakes are tried in pairs; beyond this only single mistakes are tried.
constexpr double most_cells_for_pairs = 4e7;

// Only a tensor of the right shape can stand upstream of other steps.
bool fits(const Divergence& d, Step step, const Tensor<double>& tensor) {
  return d.ours.count(step) > 0 && shape_of(d.ours.at(step)) == shape_of(tensor);
}

// A run with these mistakes that knows their tensors up to, but not including, the step.
class Hypothesis {
 public:
  Hypothesis(const Divergence& d, Mistakes mistakes) : divergence_(d), run_(d.problem, std::move(mistakes), &d.theirs) {
    for (const auto& [step, tensor] : d.theirs) {
      if (step < d.step && fits(d, step, tensor)) run_.know(step, tensor);
    }
  }

  /// The step as this run shows it; empty when the mistakes do not apply or cannot be computed here.
  std::optional<Tensor<double>> shown(Step step) {
    try {
      Tensor<double> tensor = run_.shown(step);
      if (!run_.applied()) return std::nullopt;
      return tensor;
    } catch (const std::exception&) {
      return std::nullopt;  // the mistake gives shapes that cannot go on
    }
  }

  bool agrees(Step step, const Tolerance& tolerance, double* residual = nullptr) {
    const std::optional<Tensor<double>> tensor = shown(step);
    if (!tensor) return false;
    Tolerance equal_nan = tolerance;
    equal_nan.equal_nan = true;
    const Difference difference = compare(*tensor, divergence_.theirs.at(step), equal_nan);
    if (residual) *residual = difference.max_abs;
    return difference.status == Status::match;
  }

  /// Whether every later step of theirs follows too.
  bool agrees_on_the_rest() {
    for (const auto& [step, tensor] : divergence_.theirs) {
      if (step <= divergence_.step || !divergence_.problem.has(step)) continue;
      Tolerance wider = divergence_.tolerances.at(step);
      wider.atol *= 4;
      if (!agrees(step, wider)) return false;
    }
    return true;
  }

 private:
  const Divergence& divergence_;
  MistakenRun run_;
};

struct Explanation {
  Mistakes mistakes;
  double residual = 0;
  bool rest = false;
};

// Whether the result of a whole run with this mistake is ours all the same.
bool keeps_result(const Divergence& d, const Mistake& mistake) {
  try {
    MistakenRun run(d.problem, {&mistake}, &d.theirs);
    const Step last = d.ours.rbegin()->first;
    const auto found = d.tolerances.find(last);
    const Tolerance tolerance = found != d.tolerances.end() ? found->second : Tolerance{1.3e-6, 1e-6, true};
    Tolerance equal_nan = tolerance;
    equal_nan.equal_nan = true;
    return compare(d.ours.at(last), run.get(last), equal_nan).status == Status::match;
  } catch (const std::exception&) {
    return false;
  }
}

// Whether this mistake would have changed an earlier step of theirs that is as it should be.
bool contradicts_earlier(const Divergence& d, const Mistakes& mistakes) {
  MistakenRun run(d.problem, mistakes, &d.theirs);
  for (const auto& [step, tensor] : d.theirs) {
    if (step >= d.step || !d.tolerances.count(step)) continue;
    const Tolerance& tolerance = d.tolerances.at(step);
    if (compare(d.ours.at(step), tensor, tolerance).status != Status::match) continue;
    try {
      Tolerance wider = tolerance;
      wider.atol *= 4;
      if (compare(run.shown(step), tensor, wider).status != Status::match) return true;
    } catch (const std::exception&) {
      return true;
    }
  }
  return false;
}

std::vector<Explanation> explanations(const Divergence& d, const std::vector<Mistakes>& candidates) {
  std::vector<Explanation> found;
  for (const Mistakes& mistakes : candidates) {
    Hypothesis hypothesis(d, mistakes);
    double residual = 0;
    if (!hypothesis.agrees(d.step, d.tolerance, &residual) || contradicts_earlier(d, mistakes)) continue;
    found.push_back({mistakes, residual, hypothesis.agrees_on_the_rest()});
  }
  // "Some other factor" fits whatever a named mistake fits; it speaks only where none does.
  const auto fitted = [](const Explanation& e) { return e.mistakes.size() == 1 && e.mistakes.front()->fitted; };
  if (!std::all_of(found.begin(), found.end(), fitted)) {
    found.erase(std::remove_if(found.begin(), found.end(), fitted), found.end());
  }
  const bool any_rest = std::any_of(found.begin(), found.end(), [](const Explanation& e) { return e.rest; });
  if (any_rest) found.erase(std::remove_if(found.begin(), found.end(), [](const Explanation& e) { return !e.rest; }), found.end());
  return found;
}

std::vector<Mistakes> singles(const Divergence& d) {
  std::vector<Mistakes> all;
  for (const Mistake& mistake : mistakes_in(d.problem)) all.push_back({&mistake});
  return all;
}

// Pairs of mistakes of different ids that both change something on the way to the step.
std::vector<Mistakes> pairs(const Divergence& d) {
  Mistakes applicable;
  for (const Mistake& mistake : mistakes_in(d.problem)) {
    if (mistake.effect == Effect::computes && !mistake.convention && !mistake.block && Hypothesis(d, {&mistake}).shown(d.step)) applicable.push_back(&mistake);
  }
  double cells = 0;
  for (const auto& [step, tensor] : d.ours) cells += static_cast<double>(tensor.size());
  const double count = static_cast<double>(applicable.size());
  std::vector<Mistakes> all;
  if (cells * count * count / 2 > most_cells_for_pairs) return all;
  for (std::size_t a = 0; a < applicable.size(); ++a) {
    for (std::size_t b = a + 1; b < applicable.size(); ++b) {
      if (applicable[a]->id != applicable[b]->id) all.push_back({applicable[a], applicable[b]});
    }
  }
  return all;
}

// A difference of the size that a lower precision leaves, without a pattern of its own.
std::optional<Diagnosis> reduced_precision(const Divergence& d, const Tensor<double>& expected) {
  const Tensor<double>& theirs = d.theirs.at(d.step);
  if (shape_of(expected) != shape_of(theirs)) return std::nullopt;
  const Difference seen = compare(expected, theirs, {0, 0, true});
  if (seen.nonfinite > 0 || seen.cosine < 0.999 || seen.root_mean_square == 0) return std::nullopt;
  std::optional<Diagnosis> best;
  double best_distance = std::log(6.0);
  for (const Mantissa mantissa : {Mantissa::bfloat16, Mantissa::tensorfloat32, Mantissa::float16}) {
    Evaluator<double> run(d.problem);
    std::map<Step, Tensor<double>> rounded;
    for (const auto& [step, tensor] : d.problem.inputs) rounded[step] = rounded_to(tensor, mantissa);
    for (const auto& [step, tensor] : d.ours) {
      if (step < d.step) rounded[step] = rounded_to(d.theirs.count(step) && fits(d, step, d.theirs.at(step)) ? d.theirs.at(step) : tensor, mantissa);
    }
    for (const auto& [step, tensor] : rounded) run.know(step, tensor);
    const Tensor<double> emulated = rounded_to(run.compute(d.step), mantissa);
    const Difference typical = compare(expected, emulated, {0, 0, true});
    if (typical.root_mean_square == 0 || seen.max_abs > 12 * typical.max_abs) continue;
    const double distance = std::abs(std::log(seen.root_mean_square / typical.root_mean_square));
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = Diagnosis{"T2", to_string(mantissa), d.step, true, false, seen.max_abs, ""};
  }
  return best;
}

bool matches(const Divergence& d, Step step, const Tensor<double>& tensor) {
  return compare(tensor, d.theirs.at(step), d.tolerances.at(step)).status == Status::match;
}

// Queries, keys or values differ, the results do not, and what stands between follows from theirs: other
// weights for the same function.
std::optional<Diagnosis> reparametrised(const Divergence& d) {
  const Difference seen = compare(d.ours.at(d.step), d.theirs.at(d.step), {0, 0, false});
  if (d.step > Step::v || d.problem.inputs.count(d.step) || !d.theirs.count(Step::output)) return std::nullopt;
  if (seen.status == Status::shape || seen.nonfinite > 0) return std::nullopt;
  Evaluator<double> run(d.problem);
  for (const auto& [step, tensor] : d.theirs) {
    if (step <= Step::v && fits(d, step, tensor)) run.know(step, tensor);
  }
  try {
    for (const Step result : {Step::weights, Step::output}) {
      if (d.theirs.count(result) && !matches(d, result, d.ours.at(result))) return std::nullopt;
    }
    for (const Step between : {Step::scores_raw, Step::scores_scaled, Step::weights, Step::heads}) {
      if (d.theirs.count(between) && !matches(d, between, run.get(between))) return std::nullopt;
    }
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return Diagnosis{"P9", "", d.step, true, true, 0, ""};
}

}  // namespace

std::vector<Diagnosis> diagnose(const Divergence& d, bool& explains_rest) {
  std::vector<Explanation> found = explanations(d, singles(d));
  if (found.empty()) {
    if (const auto same = reparametrised(d)) return {*same};
    Evaluator<double> run(d.problem);
    for (const auto& [step, tensor] : d.theirs) {
      if (step < d.step && fits(d, step, tensor)) run.know(step, tensor);
    }
    try {
      if (const auto precision = reduced_precision(d, run.compute(d.step))) return {*precision};
    } catch (const std::exception&) {
    }
    found = explanations(d, pairs(d));
  }
  std::stable_sort(found.begin(), found.end(), [](const Explanation& a, const Explanation& b) {
    // A mistake at this very step before one further up; then the smaller remainder, coarsely.
    return a.mistakes.size() != b.mistakes.size() ? a.mistakes.size() < b.mistakes.size() : false;
  });
  std::vector<Diagnosis> result;
  for (const Explanation& explanation : found) {
    const Mistake& first = *explanation.mistakes.front();
    const bool pair = explanation.mistakes.size() == 2;
    for (const Mistake* mistake : explanation.mistakes) {
      const bool listed = std::any_of(result.begin(), result.end(), [&](const Diagnosis& other) { return other.id == mistake->id; });
      if (listed) continue;
      Diagnosis diagnosis{mistake->id, mistake->variant, d.step, acts_at(*mistake, d.step) && !pair, false, explanation.residual, ""};
      diagnosis.convention = mistake->convention && explanation.rest && keeps_result(d, *mistake);
      if (pair) diagnosis.with = mistake == &first ? explanation.mistakes[1]->id : first.id;
      result.push_back(diagnosis);
    }
    if (pair && result.size() >= 6) break;
  }
  explains_rest = !found.empty() && found.front().rest;
  return result;
}

std::vector<BlindSpot> find_blind_spots(const Problem<double>& problem, const std::map<Step, Tensor<double>>& ours,
                                        const std::map<Step, Tolerance>& tolerances, const std::vector<Step>& observed) {
  std::map<std::string, BlindSpot> blind;
  std::map<std::string, bool> revealed;
  std::vector<std::string> order;
  for (const Mistake& mistake : mistakes_in(problem)) {
    if (mistake.convention || mistake.block) continue;
    if (!blind.count(mistake.id)) order.push_back(mistake.id);
    BlindSpot& spot = blind.emplace(mistake.id, BlindSpot{mistake.id, false}).first->second;
    MistakenRun run(problem, {&mistake});
    for (const Step step : observed) {
      try {
        const Tensor<double> shown = run.shown(step);
        if (!run.applied()) continue;
        spot.applies = true;
        Tolerance tolerance = tolerances.at(step);
        tolerance.equal_nan = true;
        if (compare(ours.at(step), shown, tolerance).status != Status::match) revealed[mistake.id] = true;
      } catch (const std::exception&) {
        spot.applies = revealed[mistake.id] = true;  // it would not even fit
      }
    }
  }
  std::vector<BlindSpot> spots;
  for (const std::string& id : order) {
    if (!revealed[id]) spots.push_back(blind.at(id));
  }
  return spots;
}

}  // namespace attn
