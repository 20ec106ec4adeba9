#include <attn/verify/coarse_exponential.hpp>
#include <attn/verify/diagnose.hpp>
#include <attn/verify/fitting.hpp>
#include <attn/verify/linear_image.hpp>
#include <attn/verify/precision_loss.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>

namespace attn {
namespace {

// What explains all that follows comes alone; but that only padding differs excuses no mistake that shows there.
// One that leaves a later step unexplained is not named for it, nor one of a mask that was not seen: a mask may forbid what it
// likes to queries of padding.
void keep_those_of_the_rest(std::vector<Fit>& found, Step step) {
  const bool padding = std::any_of(found.begin(), found.end(), [](const Fit& e) { return read_cells(e.mistakes); });
  const auto says_too_little = [](const Fit& e) { return !read_cells(e.mistakes) && (!e.rest || first_effect(e.mistakes) == Step::mask); };
  if (padding && base_of(step) != Step::mask) found.erase(std::remove_if(found.begin(), found.end(), says_too_little), found.end());
  const bool any_rest = std::any_of(found.begin(), found.end(), [](const Fit& e) { return e.rest && !read_cells(e.mistakes); });
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

// Rows of padding are no mistake where every cell that counts is ours; what follows is judged for itself, without them.
// Any other convention has to explain all that follows, and keep the result.
bool is_harmless(const Divergence& d, const Mistake& mistake, bool gives_rest) {
  if (mistake.reads_cells) return verdict_on(d.verdicts, d.step)->in_padding_alone;
  const StepVerdict* const result = verdict_on(d.verdicts, d.ours.rbegin()->first);
  return gives_rest && keeps_result(d, mistake) && !(result && result->differs_where_it_counts());
}

std::vector<Diagnosis> diagnoses_of(const Divergence& d, const std::vector<Fit>& found) {
  std::vector<Diagnosis> result;
  for (const Fit& fit : found) {
    const Mistake& first = *fit.mistakes.front();
    const bool pair = fit.mistakes.size() == 2;
    for (const Mistake* mistake : fit.mistakes) {
      const auto listed = std::find_if(result.begin(), result.end(), [&](const Diagnosis& other) { return other.id == mistake->id; });
      const bool fits_better = listed != result.end() && !pair && listed->with.empty() && fit.residual < 0.5 * listed->residual;
      if (listed != result.end() && !fits_better) continue;
      Diagnosis diagnosis{mistake->id, mistake->variant, d.step, acts_at(*mistake, d.step) && !pair, false, fit.residual, ""};
      diagnosis.convention = mistake->convention && is_harmless(d, *mistake, fit.rest);
      if (pair) diagnosis.with = mistake == &first ? fit.mistakes[1]->id : first.id;
      if (fits_better) *listed = diagnosis;
      else result.push_back(diagnosis);
    }
    if (pair && result.size() >= 6) break;
  }
  return result;
}

}  // namespace

bool is_of_mask(const Diagnosis& diagnosis) {
  const auto rows = mistakes_of(diagnosis.id);
  return std::any_of(rows.begin(), rows.end(), [&](const Mistake* row) { return row->variant == diagnosis.variant && first_effect({row}) == Step::mask; });
}

std::optional<Explained> explained_by_padding_alone(const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict) {
  const Step base = base_of(verdict.step);
  if (!verdict.in_padding_alone || base < Step::q_proj || base > Step::v) return std::nullopt;
  return Explained{{{"M17", "", verdict.step, true, true, 0, ""}}, !any_differs_after(verdicts, verdict.step)};
}

Explained with_or_without_padding(bool others_may_tell, const std::function<Explained(Padding)>& explained) {
  Explained found = explained(Padding::counts);
  const auto is_pair = [](const Diagnosis& d) { return !d.with.empty(); };
  const bool by_pair = std::any_of(found.diagnosis.begin(), found.diagnosis.end(), is_pair);
  const bool by_mask = std::any_of(found.diagnosis.begin(), found.diagnosis.end(), is_of_mask);
  if (!others_may_tell || (found.rest && !by_pair && !by_mask)) return found;
  Explained of_what_counts = explained(Padding::left_out);
  if (found.diagnosis.empty() || (of_what_counts.rest && !found.rest)) return of_what_counts;
  if (!of_what_counts.rest || std::any_of(of_what_counts.diagnosis.begin(), of_what_counts.diagnosis.end(), is_pair)) return found;
  if (by_pair) return of_what_counts;
  for (Diagnosis& tie : of_what_counts.diagnosis) {
    const bool listed = std::any_of(found.diagnosis.begin(), found.diagnosis.end(), [&](const Diagnosis& d) { return d.id == tie.id; });
    if (!listed) found.diagnosis.push_back(std::move(tie));
  }
  return found;
}

void add_precision_of_softmax(std::vector<Diagnosis>& found) {
  const auto is = [](const char* id) { return [id](const Diagnosis& diagnosis) { return diagnosis.id == id; }; };
  const auto softmax = std::find_if(found.begin(), found.end(), is("W6"));
  if (softmax == found.end() || softmax->variant.find("float16") == std::string::npos) return;
  if (std::any_of(found.begin(), found.end(), is("T2"))) return;
  Diagnosis tie = *softmax;
  tie.id = "T2";
  found.push_back(tie);
}

std::optional<Diagnosis> reparametrised(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, Step step) {
  if (step > Step::v || problem.inputs.count(step) > 0) return std::nullopt;
  bool has_output = false;
  for (const StepVerdict& verdict : verdicts) {
    if (!verdict.compared()) continue;
    const Difference& found = verdict.difference;
    if (verdict.step == step && (found.status == Status::shape || found.nonfinite > 0)) return std::nullopt;
    const bool result = verdict.step == Step::weights || verdict.step == Step::output;
    if (result && found.status != Status::match && !verdict.in_padding_alone) return std::nullopt;
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
    std::optional<Tensor<double>> room;
    const Tensor<double> made = run.compute(d.step);
    const Tensor<double>& expected = counting(d, d.step, made, room);
    if (auto exponential = approximate_exponential(d, run, expected)) return exponential;
    return reduced_precision(d, expected);
  } catch (const std::exception&) {
    return std::nullopt;  // their tensors before this step do not fit each other
  }
}

Explained diagnose(const Divergence& d) {
  Fitting fitting(d);
  std::vector<Fit> found = fitting.singles();
  if (found.empty()) {
    const auto same = reparametrised(d.problem, d.verdicts, d.step);
    if (same && are_linear_images(d.problem, d.step, d.ours.at(d.step), d.theirs.at(d.step))) return {{*same}, false, false, {}, d.padding};
    if (auto loss = loss_of_precision(d)) return {{*loss}, false, false, {}, d.padding};
    found = fitting.pairs();
  }
  if (found.empty()) return {{}, false, fitting.pairs_left_out()};
  std::vector<Fit> last_resort = without_last_resort(found);
  keep_those_of_the_rest(found, d.step);
  keep_those_of_the_rest(last_resort, d.step);
  const bool rest = std::all_of(found.begin(), found.end(), [](const Fit& e) { return e.rest; });
  Explained result{diagnoses_of(d, found), rest, false, diagnoses_of(d, last_resort), d.padding};
  add_precision_of_softmax(result.diagnosis);
  return result;
}

}  // namespace attn
