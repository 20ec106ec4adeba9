#include <attn/error.hpp>
#include <attn/verify/diagnose.hpp>
#include <attn/verify/precision_loss.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

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
Step first_effect(const Divergence& d, const Mistakes& mistakes) { return d.problem.layer ? Step{} : first_effect(mistakes); }

// Whether the mistake can change the step at all: it acts there, or before it where theirs is not known, or on what
// they were given.
bool reaches(const Divergence& d, const Mistake& mistake) {
  if (d.problem.layer || acts_at(mistake, d.step)) return true;
  return mistake.effect == Effect::computes && std::any_of(mistake.acts_on.begin(), mistake.acts_on.end(), [&](Step step) {
    if (step >= d.step || !known(d, step)) return step < d.step;
    const auto is_known = [&](Step read) { return known(d, read); };
    return was_given(d.verdicts, d.problem, step) && is_computed_from(d.problem, d.step, step, is_known);
  });
}

// Whether their tensor of the step is what a run with these mistakes computes with.
bool stands_in(const Divergence& d, const Mistakes& mistakes, Step step) {
  return step < d.step && known(d, step) && !(was_given(d.verdicts, d.problem, step) && change(mistakes, step));
}

// The problem moved as far as float32 rounding goes, made when it is first asked for, by whichever thread.
class MovedProblem {
 public:
  explicit MovedProblem(const Problem<double>& problem) : problem_(problem) {}

  const Problem<double>& get() {
    std::call_once(made_, [this] { moved_ = moved_by_rounding(problem_); });
    return *moved_;
  }

 private:
  const Problem<double>& problem_;
  std::once_flag made_;
  std::optional<Problem<double>> moved_;
};

// A run with these mistakes that knows their tensors up to, but not including, the step; and ours before
// anything differs, so that a mistake far down is not paid for with the whole way to it.
class Hypothesis {
 public:
  Hypothesis(const Divergence& d, const Mistakes& mistakes, Step difference, MovedProblem& moved)
      : divergence_(d), mistakes_(mistakes), run_(d.problem, mistakes, &d.theirs), moved_(moved) {
    const Step as_ours = std::min(first_effect(d, mistakes), difference);
    for (const auto& [step, tensor] : d.ours) {
      if (step < as_ours && !known(d, step)) run_.know(step, tensor);
    }
    for (const auto& [step, tensor] : d.theirs) {
      if (stands_in(d, mistakes, step)) run_.know(step, tensor);
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
    MistakenRun run(moved_.get(), mistakes_, &divergence_.theirs);
    for (const auto& [upstream, known_tensor] : divergence_.theirs) {
      if (stands_in(divergence_, mistakes_, upstream)) run.know(upstream, known_tensor);
    }
    Tolerance tolerance = least_tolerance(tensor);
    tolerance.atol += 4 * compare(tensor, run.shown(step), {0, 0, true}).max_abs;
    tolerance.equal_nan = true;
    return agree(tensor, theirs, tolerance);
  }

  const Divergence& divergence_;
  const Mistakes mistakes_;
  MistakenRun run_;
  MovedProblem& moved_;
};

struct Fit {
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
  const Step first = first_effect(d, mistakes);
  MistakenRun run(d.problem, mistakes, &d.theirs);
  for (const auto& [step, tensor] : d.ours) {
    if (step < first) run.know(step, tensor);
  }
  for (const auto& [step, tensor] : d.theirs) {
    if (step < first) continue;
    // What was given is shown as it was given.
    if (step >= d.step || !d.tolerances.count(step) || (!d.problem.layer && d.problem.inputs.count(step) > 0)) continue;
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

std::vector<Fit> fitting(const Divergence& d, const std::vector<Mistakes>& candidates) {
  const Step difference = first_difference(d);
  MovedProblem moved(d.problem);
  std::vector<std::optional<Fit>> tried(candidates.size());
  const std::size_t workers = worker_count(cells_of(d) < static_cast<double>(fewest_cells_for_threads) ? 1 : 0, candidates.size());
  for_each_piece(candidates.size(), workers, [&](std::size_t i, std::size_t) {
    Hypothesis hypothesis(d, candidates[i], difference, moved);
    double residual = 0;
    if (!hypothesis.agrees(d.step, d.tolerance, &residual) || contradicts_earlier(d, candidates[i])) return;
    tried[i] = {candidates[i], residual, hypothesis.agrees_on_the_rest()};
  });
  std::vector<Fit> found;
  for (std::optional<Fit>& fit : tried) {
    if (fit) found.push_back(std::move(*fit));
  }
  return found;
}

// What explains all that follows comes alone.
void keep_those_of_the_rest(std::vector<Fit>& found) {
  const bool any_rest = std::any_of(found.begin(), found.end(), [](const Fit& e) { return e.rest; });
  if (any_rest) found.erase(std::remove_if(found.begin(), found.end(), [](const Fit& e) { return !e.rest; }), found.end());
}

// "Some other factor" fits whatever a named mistake fits; it speaks only where none does.
std::vector<Fit> without_last_resort(std::vector<Fit>& found) {
  const auto definite = [](const Fit& e) { return e.mistakes.size() > 1 || !e.mistakes.front()->fitted; };
  if (std::none_of(found.begin(), found.end(), definite)) return {};
  const auto others = std::stable_partition(found.begin(), found.end(), definite);
  std::vector<Fit> last_resort(std::make_move_iterator(others), std::make_move_iterator(found.end()));
  found.erase(others, found.end());
  return last_resort;
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

bool pairs_are_tried(const Divergence& d) {
  const auto count = static_cast<double>(std::count_if(mistakes_in(d.problem).begin(), mistakes_in(d.problem).end(), [&](const Mistake& m) { return pairable(d, m); }));
  return cells_of(d) * count * count / 2 <= most_cells_for_pairs;
}

// Pairs of mistakes of different ids that both change something on the way to the step.
std::vector<Mistakes> pairs(const Divergence& d) {
  std::vector<Mistakes> all;
  if (!pairs_are_tried(d)) return all;
  const Step difference = first_difference(d);
  MovedProblem moved(d.problem);
  Mistakes applicable;
  for (const Mistake& mistake : mistakes_in(d.problem)) {
    if (pairable(d, mistake) && Hypothesis(d, {&mistake}, difference, moved).shown(d.step)) applicable.push_back(&mistake);
  }
  for (std::size_t a = 0; a < applicable.size(); ++a) {
    for (std::size_t b = a + 1; b < applicable.size(); ++b) {
      if (applicable[a]->id != applicable[b]->id) all.push_back({applicable[a], applicable[b]});
    }
  }
  return all;
}

// Whether this step of theirs is where other weights come in: a map of the input, or the heads of a map that
// was not handed in.
bool is_mapped_by_them(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, Step step) {
  if (step > Step::v) return false;
  const std::vector<Step> operands = step_info(step).operands;
  return std::none_of(verdicts.begin(), verdicts.end(), [&](const StepVerdict& read) {
    const bool is_operand = std::find(operands.begin(), operands.end(), read.step) != operands.end();
    return is_operand && read.compared() && problem.inputs.count(read.step) == 0;
  });
}

// One mistake before two.
std::vector<Diagnosis> diagnoses_of(const Divergence& d, std::vector<Fit> found) {
  std::stable_sort(found.begin(), found.end(), [](const Fit& a, const Fit& b) { return a.mistakes.size() < b.mistakes.size(); });
  std::vector<Diagnosis> result;
  for (const Fit& fit : found) {
    const Mistake& first = *fit.mistakes.front();
    const bool pair = fit.mistakes.size() == 2;
    for (const Mistake* mistake : fit.mistakes) {
      const bool listed = std::any_of(result.begin(), result.end(), [&](const Diagnosis& other) { return other.id == mistake->id; });
      if (listed) continue;
      Diagnosis diagnosis{mistake->id, mistake->variant, d.step, acts_at(*mistake, d.step) && !pair, false, fit.residual, ""};
      diagnosis.convention = mistake->convention && fit.rest && keeps_result(d, *mistake);
      if (pair) diagnosis.with = mistake == &first ? fit.mistakes[1]->id : first.id;
      result.push_back(diagnosis);
    }
    if (pair && result.size() >= 6) break;
  }
  return result;
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

std::optional<Diagnosis> reparametrised(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, Step step) {
  if (step > Step::v || problem.inputs.count(step) > 0) return std::nullopt;
  bool has_output = false;
  for (const StepVerdict& verdict : verdicts) {
    if (!verdict.compared()) continue;
    const Difference& found = verdict.difference;
    if (verdict.step == step && (found.status == Status::shape || found.nonfinite > 0)) return std::nullopt;
    const bool result = verdict.step == Step::weights || verdict.step == Step::output;
    if (result && found.status != Status::match) return std::nullopt;
    has_output = has_output || verdict.step == Step::output;
    // The output is held against ours; with other values it comes from another last map.
    if (verdict.step <= step || verdict.step == Step::output || is_mapped_by_them(problem, verdicts, verdict.step)) continue;
    if (verdict.local == Local::mismatch) return std::nullopt;
  }
  if (!has_output) return std::nullopt;
  return Diagnosis{"P9", "", step, true, true, 0, ""};
}

std::optional<Diagnosis> loss_of_precision(const Divergence& d) {
  Evaluator<double> run(d.problem);
  for (const auto& [step, tensor] : d.theirs) {
    if (step < d.step && fits(d, step, tensor)) run.know(step, tensor);
  }
  try {
    if (auto exponential = approximate_exponential(d, run)) return exponential;
    return reduced_precision(d, run.compute(d.step));
  } catch (const std::exception&) {
    return std::nullopt;  // their tensors before this step do not fit each other
  }
}

Explained diagnose(const Divergence& d) {
  std::vector<Fit> found = fitting(d, singles(d));
  if (found.empty()) {
    if (auto same = reparametrised(d.problem, d.verdicts, d.step)) return {{*same}, false, false};
    if (auto loss = loss_of_precision(d)) return {{*loss}, false, false};
    found = fitting(d, pairs(d));
  }
  if (found.empty()) return {{}, false, !pairs_are_tried(d)};
  std::vector<Fit> last_resort = without_last_resort(found);
  keep_those_of_the_rest(found);
  keep_those_of_the_rest(last_resort);
  const bool rest = found.front().rest;
  Explained result{diagnoses_of(d, found), rest, false, diagnoses_of(d, last_resort)};
  add_precision_of_softmax(result.diagnosis);
  return result;
}

}  // namespace attn
