#include <attn/verify/confirmation.hpp>
#include <attn/verify/cut_down.hpp>
#include <attn/verify/diagnose.hpp>
#include <attn/verify/judging.hpp>
#include <attn/verify/large.hpp>
#include <attn/verify/slice.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <utility>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

bool differs(const StepVerdict& verdict) { return verdict.compared() && verdict.difference.status != Status::match; }

Mistakes rows_of(const std::string& id, const std::string& variant) {
  Mistakes rows = mistakes_of(id);
  rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const Mistake* row) { return row->variant != variant; }), rows.end());
  return rows;
}

// Every way to make what a diagnosis says, one mistake or a pair.
std::vector<Mistakes> readings_of(const Diagnosis& diagnosis, const std::vector<Diagnosis>& all) {
  std::vector<Mistakes> readings;
  for (const Mistake* row : rows_of(diagnosis.id, diagnosis.variant)) {
    if (diagnosis.with.empty()) readings.push_back({row});
    for (const Diagnosis& other : all) {
      if (diagnosis.with != other.id || other.with != diagnosis.id) continue;
      for (const Mistake* second : rows_of(other.id, other.variant)) readings.push_back({row, second});
    }
  }
  return readings;
}

// What else gives the numbers that these mistakes give, as a small run like it shows. A slice of queries cannot tell:
// there no mistake can be made that needs all of them.
std::vector<Diagnosis> ties_with(const Mistakes& mistakes, const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  const Problem<double> small = cut_down(problem);
  MistakenRun run(small, mistakes);
  Submission like_theirs;
  try {
    for (const auto& [step, tensor] : theirs.tensors) {
      if (small.has(step)) like_theirs.tensors.emplace(step, run.shown(step));
    }
  } catch (const std::exception&) {
    return {};  // the mistakes do not fit the small run
  }
  return verify_at_once(small, like_theirs, options).diagnosis;
}

using Ties = std::function<std::vector<Diagnosis>(const Mistakes&)>;

// The diagnoses of a slice that the whole bears out, and what ties with the first of them there.
std::vector<Diagnosis> borne_out(const std::vector<Diagnosis>& found, const Confirmation& whole, const Ties& ties) {
  std::optional<Mistakes> held, held_in_parts;
  const auto gives_theirs = [&](const Mistakes& mistakes) {
    if (held_in_parts && whole.are_one(*held_in_parts, mistakes)) return true;
    const bool in_parts = whole.holds_in_parts(mistakes);
    if (!in_parts && !whole.holds_in_whole(mistakes)) return false;
    if (in_parts && !held_in_parts) held_in_parts = mistakes;
    if (!held) held = mistakes;
    return true;
  };
  std::vector<Diagnosis> kept;
  const auto keep = [&](const Diagnosis& diagnosis, const std::vector<Diagnosis>& all) {
    const std::vector<Mistakes> readings = readings_of(diagnosis, all);
    if (std::any_of(readings.begin(), readings.end(), gives_theirs)) kept.push_back(diagnosis);
  };
  for (const Diagnosis& diagnosis : found) keep(diagnosis, found);
  if (!held) return {};
  const std::vector<Diagnosis> tied = ties(*held);
  for (const Diagnosis& tie : tied) {
    const bool tried = std::any_of(found.begin(), found.end(), [&](const Diagnosis& other) { return other.id == tie.id; });
    if (!tried) keep(tie, tied);
  }
  add_precision_of_softmax(kept);
  return kept;
}

// The map is of the whole, not of the slice that was walked.
void show_where(Verification& found, const Judging& judging) {
  found.excess.reset();
  if (found.first_divergent_step != judging.first()->step) return;
  std::optional<Judging::Map> map = judging.map_of_first();
  if (!map) return;
  found.excess = std::move(map->worst);
  found.excess_rows = map->grid.rows();
  found.excess_columns = map->grid.columns();
}

// The verdicts on the whole, with what the walk over a slice says of each step by itself. Empty when what is a
// convention on the slice changes a result of the whole.
std::optional<Verification> concluded(Verification slice, std::vector<Diagnosis> diagnosis, const Judging& judging) {
  const auto is_convention = [](const Diagnosis& d) { return d.convention; };
  const bool conventions = !diagnosis.empty() && std::all_of(diagnosis.begin(), diagnosis.end(), is_convention);
  if (conventions != (slice.verdict == Verdict::match)) return std::nullopt;
  slice.diagnosis = std::move(diagnosis);
  std::vector<StepVerdict> steps = judging.verdicts();
  for (StepVerdict& step : steps) {
    const auto sliced = std::find_if(slice.steps.begin(), slice.steps.end(), [&](const StepVerdict& s) { return s.step == step.step; });
    // What the slice does not have follows from what it has, or the mistakes would not give it.
    const bool computed = step.compared();
    step.local = sliced != slice.steps.end() ? sliced->local : computed ? Local::match : Local::unknown;
    const bool result = step.step == Step::weights || step.step == Step::output;
    if (conventions && result && differs(step)) return std::nullopt;
  }
  slice.steps = std::move(steps);
  show_where(slice, judging);
  return slice;
}

// Mistakes that mix what slices keep apart, made in the whole. Only where theirs are so far from ours that a mistake
// which changes nothing cannot be taken for theirs.
std::optional<Verification> explained_by_the_whole(const Verification& walked, const Judging& judging, const Confirmation& whole) {
  const StepVerdict& first = *judging.first();
  if (!walked.diagnosis.empty() || !(first.difference.passing_atol > 8 * first.tolerance.atol)) return std::nullopt;
  std::vector<Diagnosis> diagnosis;
  for (const Mistake* row : whole.of_the_whole_alone()) {
    const bool listed = std::any_of(diagnosis.begin(), diagnosis.end(), [&](const Diagnosis& other) { return other.id == row->id; });
    if (!listed) diagnosis.push_back({row->id, row->variant, first.step, acts_at(*row, first.step), false, 0, ""});
  }
  if (diagnosis.empty()) return std::nullopt;
  return concluded(walked, std::move(diagnosis), judging);
}

bool is_same(const std::vector<Diagnosis>& a, const std::vector<Diagnosis>& b) {
  return std::is_permutation(a.begin(), a.end(), b.begin(), b.end(), [](const Diagnosis& one, const Diagnosis& other) {
    return one.id == other.id && one.variant == other.variant && one.with == other.with;
  });
}

Local worse(Local a, Local b) {
  if (a == Local::mismatch || b == Local::mismatch) return Local::mismatch;
  return a == Local::unknown || b == Local::unknown ? Local::unknown : Local::match;
}

// What every part is explained by, each walked by itself: a loss of precision, or several mistakes. Empty unless all
// parts are wrong at the same step and explained by the same, none of it a convention.
std::optional<Verification> explained_in_every_part(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options,
                                                    const Judging& judging) {
  std::optional<Verification> result;
  std::map<Step, Local> locals;
  for (const std::optional<Slice>& slice : parts_of(problem)) {
    if (!slice) return std::nullopt;  // the run has no parts
    Verification walked = verify_at_once(problem_of_slice(problem, *slice), submission_of_slice(theirs, problem, *slice), options);
    const bool convention = std::any_of(walked.diagnosis.begin(), walked.diagnosis.end(), [](const Diagnosis& d) { return d.convention; });
    if (walked.verdict != Verdict::mismatch || walked.diagnosis.empty() || convention) return std::nullopt;
    if (walked.first_divergent_step != judging.first()->step) return std::nullopt;
    for (const StepVerdict& step : walked.steps) {
      const auto [local, fresh] = locals.emplace(step.step, step.local);
      if (!fresh) local->second = worse(local->second, step.local);
    }
    if (!result) result = std::move(walked);
    else if (!is_same(result->diagnosis, walked.diagnosis)) return std::nullopt;
  }
  result->steps = judging.verdicts();
  for (StepVerdict& step : result->steps) step.local = locals.count(step.step) > 0 ? locals.at(step.step) : Local::unknown;
  show_where(*result, judging);
  return result;
}

// Slices around the worst cell of a step, the smallest first: what a small one cannot explain, a larger one may.
std::vector<Slice> slices_to_walk(const Problem<double>& problem, const StepVerdict& first) {
  const std::size_t at = first.difference.at;
  const bool heads_apart = problem.sizes.kv_heads > 1 && (first.step != Step::output || !problem.has(Step::merged));
  std::vector<Slice> slices;
  for (const bool of_heads : {true, false}) {
    if (of_heads && !heads_apart) continue;
    const Slice slice = slice_around(problem, first.step, at, of_heads);
    if (cells_of_slice(problem, slice) > most_cells_of_a_part && problem.sizes.query_len > 1) {
      slices.push_back(with_queries_around(problem, slice, first.step, at, most_cells_at_once));
    } else if (of_heads || problem.sizes.batch > 1) {
      slices.push_back(slice);
    }
  }
  return slices;
}

std::size_t cells_of(const Problem<double>& problem) {
  std::size_t cells = 0;
  for (const auto& [step, shape] : step_shapes(problem)) cells += element_count(shape).value_or(most_cells_of_a_part);
  return cells;
}

}  // namespace

bool is_large(const Problem<double>& problem) {
  return !problem.layer && cells_of(problem) > most_cells_at_once;  // a layer is not sliced
}

std::optional<Verification> verify_in_slices(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  Verification result;
  const Judging judging(problem, theirs, options);
  result.steps = judging.verdicts();
  bool compared = false;
  for (StepVerdict& verdict : result.steps) {
    const bool computed = problem.inputs.count(verdict.step) == 0;
    compared = compared || (computed && (verdict.difference.total > 0 || verdict.difference.status == Status::shape));
    // Equal results of equal operands: our operation gives theirs.
    if (computed && verdict.compared()) verdict.local = Local::match;
  }
  if (!compared) return result;
  const StepVerdict* const first = judging.first();
  if (!first) {
    result.verdict = Verdict::match;
    return result;
  }
  const Confirmation confirmation(problem, theirs, result.steps, first->step);
  std::optional<Verification> walked;
  for (const Slice& slice : slices_to_walk(problem, *first)) {
    const Problem<double> part = problem_of_slice(problem, slice);
    Verification found = verify_at_once(part, submission_of_slice(theirs, problem, slice), options);
    const auto ties = [&](const Mistakes& held) { return slice.queries ? ties_with(held, problem, theirs, options) : std::vector<Diagnosis>(); };
    std::vector<Diagnosis> diagnosis = borne_out(found.diagnosis, confirmation, ties);
    if (!diagnosis.empty()) {
      if (auto confirmed = concluded(found, std::move(diagnosis), judging)) return confirmed;
    }
    if (!walked) walked = std::move(found);
  }
  // A walk over the whole takes its time and memory: what is certain without it is told without it.
  if (!walked || options.tolerance || cells_of(problem) <= most_cells_of_a_part) return std::nullopt;
  const bool wrong_there = walked->verdict == Verdict::mismatch && walked->first_divergent_step == first->step;
  if (!wrong_there || first->difference.status != Status::mismatch) return std::nullopt;
  if (auto explained = explained_by_the_whole(*walked, judging, confirmation)) return explained;
  return explained_in_every_part(problem, theirs, options, judging);
}

}  // namespace attn
