#include <attn/error.hpp>
#include <attn/verify/diagnose.hpp>
#include <attn/verify/precision_loss.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <cmath>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

// Cells evaluated when mistakes are tried in pairs; beyond this only single mistakes are tried.
constexpr double most_cells_for_pairs = 2e8;

double cells_of(const Divergence& d) {
  double cells = 0;
  for (const auto& [step, tensor] : d.ours) cells += static_cast<double>(tensor.size());
  return cells;
}

bool known(const Divergence& d, Step step) {
  const auto found = d.theirs.find(step);
  return found != d.theirs.end() && fits(d, step, found->second);
}

// The first step of theirs that is not ours; everything before it a run has as we have.
Step first_difference(const Divergence& d) {
  for (const auto& [step, tensor] : d.theirs) {
    if (step >= d.step) break;
    const auto tolerance = d.tolerances.find(step);
    if (!fits(d, step, tensor) || tolerance == d.tolerances.end() || !agree(d.ours.at(step), tensor, tolerance->second)) return step;
  }
  return d.step;
}

// A layer has the steps of attention several times over: there a mistake may act from the beginning on.
Step first_effect(const Divergence& d, const Mistakes& mistakes) {
  if (d.problem.layer) return Step{};
  Step first = Step::output;
  for (const Mistake* mistake : mistakes) first = std::min(first, *std::min_element(mistake->acts_on.begin(), mistake->acts_on.end()));
  return first;
}

// Whether the mistake can change the step at all: it acts there, or before it where theirs is not known.
bool reaches(const Divergence& d, const Mistake& mistake) {
  if (d.problem.layer || acts_at(mistake, d.step)) return true;
  return mistake.effect == Effect::computes &&
         std::any_of(mistake.acts_on.begin(), mistake.acts_on.end(), [&](Step step) { return step < d.step && !known(d, step); });
}

// A run with these mistakes that knows their tensors up to, but not including, the step; and ours before
// anything differs, so that a mistake far down is not paid for with the whole way to it.
class Hypothesis {
 public:
  Hypothesis(const Divergence& d, const Mistakes& mistakes, Step difference) : divergence_(d), mistakes_(mistakes), run_(d.problem, mistakes, &d.theirs) {
    const Step as_ours = std::min(first_effect(d, mistakes), difference);
    for (const auto& [step, tensor] : d.ours) {
      if (step < as_ours && !known(d, step)) run_.know(step, tensor);
    }
    for (const auto& [step, tensor] : d.theirs) {
      if (step < d.step && fits(d, step, tensor)) run_.know(step, tensor);
    }
  }

  /// The step as this run shows it; nullptr when the mistakes do not apply or cannot be computed here.
  const Tensor<double>* shown(Step step) {
    try {
      const Tensor<double>& tensor = run_.shown(step);
      return run_.applied() ? &tensor : nullptr;
    } catch (const std::exception&) {
      return nullptr;  // the mistake gives shapes that cannot go on
    }
  }

  bool agrees(Step step, const Tolerance& tolerance, double* residual = nullptr) {
    const Tensor<double>* tensor = shown(step);
    if (!tensor) return false;
    Tolerance equal_nan = tolerance;
    equal_nan.equal_nan = true;
    const Tensor<double>& theirs = divergence_.theirs.at(step);
    if (!agree(*tensor, theirs, equal_nan) && !agrees_in_float32(step, *tensor, theirs)) return false;
    if (residual) *residual = compare(*tensor, theirs, equal_nan).max_abs;
    return true;
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
  // A mistake may make numbers larger, and their rounding with them, than in the right run that the tolerance
  // was measured on. How far rounding goes here shows when the inputs are moved by as much as float32 would.
  bool agrees_in_float32(Step step, const Tensor<double>& tensor, const Tensor<double>& theirs) {
    const Difference difference = compare(tensor, theirs, {0, 0, true});
    if (difference.status == Status::shape || difference.nonfinite > 0 || difference.cosine < 1 - 1e-7) return false;
    const Problem<double> moved = moved_by_rounding(divergence_.problem);
    MistakenRun run(moved, mistakes_, &divergence_.theirs);
    for (const auto& [upstream, known_tensor] : divergence_.theirs) {
      if (upstream < divergence_.step && fits(divergence_, upstream, known_tensor)) run.know(upstream, known_tensor);
    }
    Tolerance tolerance = least_tolerance(tensor);
    tolerance.atol += 4 * compare(tensor, run.shown(step), {0, 0, true}).max_abs;
    tolerance.equal_nan = true;
    return agree(tensor, theirs, tolerance);
  }

  const Divergence& divergence_;
  const Mistakes mistakes_;
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
  const Step difference = first_difference(d);
  std::vector<std::optional<Explanation>> tried(candidates.size());
  const std::size_t workers = worker_count(cells_of(d) < static_cast<double>(fewest_cells_for_threads) ? 1 : 0, candidates.size());
  for_each_piece(candidates.size(), workers, [&](std::size_t i, std::size_t) {
    Hypothesis hypothesis(d, candidates[i], difference);
    double residual = 0;
    if (!hypothesis.agrees(d.step, d.tolerance, &residual) || contradicts_earlier(d, candidates[i])) return;
    tried[i] = {candidates[i], residual, hypothesis.agrees_on_the_rest()};
  });
  std::vector<Explanation> found;
  for (std::optional<Explanation>& explanation : tried) {
    if (explanation) found.push_back(std::move(*explanation));
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
  for (const Mistake& mistake : mistakes_in(d.problem)) {
    if (reaches(d, mistake)) all.push_back({&mistake});
  }
  return all;
}

bool pairable(const Divergence& d, const Mistake& mistake) {
  return mistake.effect == Effect::computes && !mistake.convention && !mistake.block && reaches(d, mistake);
}

// Pairs of mistakes of different ids that both change something on the way to the step.
std::vector<Mistakes> pairs(const Divergence& d) {
  std::vector<Mistakes> all;
  if (!pairs_are_tried(d)) return all;
  const Step difference = first_difference(d);
  Mistakes applicable;
  for (const Mistake& mistake : mistakes_in(d.problem)) {
    if (pairable(d, mistake) && Hypothesis(d, {&mistake}, difference).shown(d.step)) applicable.push_back(&mistake);
  }
  for (std::size_t a = 0; a < applicable.size(); ++a) {
    for (std::size_t b = a + 1; b < applicable.size(); ++b) {
      if (applicable[a]->id != applicable[b]->id) all.push_back({applicable[a], applicable[b]});
    }
  }
  return all;
}

bool matches(const Divergence& d, Step step, const Tensor<double>& tensor) {
  return compare(tensor, d.theirs.at(step), d.tolerances.at(step)).status == Status::match;
}

// Whether this step of theirs is where other weights come in: a map of the input, or the heads of a map that
// was not handed in.
bool is_mapped_by_them(const Divergence& d, Step step) {
  if (step > Step::v) return false;
  const std::vector<Step> operands = step_info(step).operands;
  return std::none_of(operands.begin(), operands.end(), [&](Step read) { return d.theirs.count(read) > 0 && d.problem.inputs.count(read) == 0; });
}

// Whether every later step of theirs, but for maps of the input, is our operation on their tensors before it.
bool follows_from_theirs(const Divergence& d) {
  for (const auto& [step, tensor] : d.theirs) {
    // The output is held against ours; with other values it comes from another last map.
    if (step <= d.step || step == Step::output || !d.problem.has(step) || is_mapped_by_them(d, step)) continue;
    Evaluator<double> run(d.problem);
    for (const auto& [before, known_tensor] : d.theirs) {
      if (before < step && fits(d, before, known_tensor)) run.know(before, known_tensor);
    }
    Tolerance tolerance = d.tolerances.at(step);
    tolerance.atol *= 4;
    if (!agree(run.compute(step), tensor, tolerance)) return false;
  }
  return true;
}

// Queries, keys or values differ, the results do not, and everything between follows from theirs: other
// weights for the same function.
std::optional<Diagnosis> reparametrised(const Divergence& d) {
  const Difference seen = compare(d.ours.at(d.step), d.theirs.at(d.step), {0, 0, false});
  if (d.step > Step::v || d.problem.inputs.count(d.step) || !d.theirs.count(Step::output)) return std::nullopt;
  if (seen.status == Status::shape || seen.nonfinite > 0) return std::nullopt;
  try {
    for (const Step result : {Step::weights, Step::output}) {
      if (d.theirs.count(result) && !matches(d, result, d.ours.at(result))) return std::nullopt;
    }
    if (!follows_from_theirs(d)) return std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return Diagnosis{"P9", "", d.step, true, true, 0, ""};
}

// What no mistake of the table does exactly: a softmax with another exponential, or a stage in low precision.
std::vector<Diagnosis> loss_of_precision(const Divergence& d) {
  Evaluator<double> run(d.problem);
  for (const auto& [step, tensor] : d.theirs) {
    if (step < d.step && fits(d, step, tensor)) run.know(step, tensor);
  }
  try {
    if (const auto exponential = approximate_exponential(d, run)) return {*exponential};
    if (const auto precision = reduced_precision(d, run.compute(d.step))) return {*precision};
  } catch (const std::exception&) {
    // their tensors before this step do not fit each other
  }
  return {};
}

}  // namespace

void add_precision_of_softmax(std::vector<Diagnosis>& found) {
  const auto is = [](const char* id) { return [id](const Diagnosis& diagnosis) { return diagnosis.id == id; }; };
  const auto softmax = std::find_if(found.begin(), found.end(), is("W6"));
  if (softmax == found.end() || softmax->variant.find("float16") == std::string::npos) return;
  if (std::any_of(found.begin(), found.end(), is("T2"))) return;
  Diagnosis tie = *softmax;
  tie.id = "T2";
  found.push_back(tie);
}

bool fits(const Divergence& d, Step step, const Tensor<double>& tensor) {
  return d.ours.count(step) > 0 && shape_of(d.ours.at(step)) == shape_of(tensor);
}

bool pairs_are_tried(const Divergence& d) {
  const auto count = static_cast<double>(std::count_if(mistakes_in(d.problem).begin(), mistakes_in(d.problem).end(), [&](const Mistake& m) { return pairable(d, m); }));
  return cells_of(d) * count * count / 2 <= most_cells_for_pairs;
}

std::vector<Diagnosis> diagnose(const Divergence& d, bool& explains_rest) {
  std::vector<Explanation> found = explanations(d, singles(d));
  if (found.empty()) {
    if (const auto same = reparametrised(d)) return {*same};
    if (const std::vector<Diagnosis> loss = loss_of_precision(d); !loss.empty()) return loss;
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
  add_precision_of_softmax(result);
  return result;
}

}  // namespace attn
