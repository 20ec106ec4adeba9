#include <attn/verify/excess.hpp>
#include <attn/verify/large.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/parts.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/verify/slice.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <utility>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

constexpr std::size_t most_block_rows = 24, most_block_columns = 32;  // a map of a matrix says no more

// First pass: ours against theirs, end to end, part by part, each of our tensors only as long as it is needed.
class Judging {
 public:
  Judging(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options)
      : problem_(problem), theirs_(theirs.tensors), options_(options), shapes_(step_shapes(problem)), parts_(parts_of(problem)) {}

  std::vector<StepVerdict> judged() const {
    std::vector<std::map<Step, Found>> of_parts(parts_.size());
    for_each_part(problem_, parts_, [&](const Part& part, std::size_t index) { of_parts[index] = found_in(part); });
    // In the order of the parts, whichever was judged first.
    std::map<Step, Found> all;
    for (std::size_t index = 0; index < parts_.size(); ++index) {
      for (const auto& [step, found] : of_parts[index]) add(all[step], found, step, parts_[index]);
    }
    std::vector<StepVerdict> verdicts;
    for (const auto& [step, shape] : shapes_) verdicts.push_back(verdict_of(step, shape, all));
    return verdicts;
  }

  /// How far the cells of a step are off, block by block; empty where nothing can be subtracted.
  std::optional<BlockExcess> excess_at(const StepVerdict& verdict) const {
    const Status status = verdict.difference.status;
    if (verdict.ours.empty() || (status != Status::mismatch && status != Status::nonfinite)) return std::nullopt;
    Tensor<double> ours = empty<double>(verdict.ours);
    for_each_part(problem_, parts_, [&](const Part& part, std::size_t) {
      if (part.judges(verdict.step)) part.put(verdict.step, Evaluator<double>(part.problem()).get(verdict.step), ours);
    });
    return block_excess(ours, theirs_.at(verdict.step).view(), verdict.tolerance, most_block_rows, most_block_columns);
  }

 private:
  struct Found {
    Comparison cells;
    Tolerance tolerance;
  };

  std::map<Step, Found> found_in(const Part& part) const {
    std::map<Step, Found> found;
    Evaluator<double> run(part.problem());
    Problem<float> narrow;
    std::unique_ptr<Evaluator<float>> single;
    StoredTensor room;
    for (const auto& [step, shape] : shapes_) {
      const auto theirs = theirs_.find(step);
      if (theirs == theirs_.end() || theirs->second.shape() != shape || !part.judges(step)) continue;
      const Tensor<double>& ours = run.get(step);
      run.release(step);
      const TensorView values = part.cut(step, theirs->second, room).view();
      // How far rounding really goes shows in a float32 run of ours. As long as the least that it can be is enough,
      // there is no need for one.
      const auto measured = [&] {
        const Tolerance tolerance = rounding_tolerance(ours, single->get(step));
        single->release(step);
        return tolerance;
      };
      Found& judged = found[step] = by(options_.tolerance ? *options_.tolerance : single ? measured() : least_tolerance(ours), ours, values);
      if (options_.tolerance || single || judged.cells.passes()) continue;
      narrow = in_float32(part.problem());
      single = std::make_unique<Evaluator<float>>(narrow);
      judged = by(measured(), ours, values);
    }
    return found;
  }

  Found by(Tolerance tolerance, const Tensor<double>& ours, const TensorView& theirs) const {
    tolerance.equal_nan = options_.equal_nan;
    Found found{{}, tolerance};
    found.cells.add(ours.data(), theirs, tolerance);
    return found;
  }

  // The tolerance that is told is that of the part with the worst cell, or the widest where every cell passes.
  void add(Found& all, const Found& found, Step step, const std::optional<Slice>& slice) const {
    const bool worse = found.cells.worst_excess() > all.cells.worst_excess();
    if (worse || (all.cells.passes() && found.tolerance.atol >= all.tolerance.atol)) all.tolerance = found.tolerance;
    all.cells.merge(found.cells, [&, step = step](std::size_t at) { return slice ? position_in_whole(problem_, step, *slice, at) : at; });
  }

  StepVerdict verdict_of(Step step, const Shape& shape, const std::map<Step, Found>& found) const {
    StepVerdict verdict{step, {}, Local::unknown, {}, {}, shape, {}};
    const auto theirs = theirs_.find(step);
    if (theirs == theirs_.end()) return verdict;
    verdict.theirs = theirs->second.shape();
    if (const auto judged = found.find(step); judged != found.end()) {
      verdict.difference = judged->second.cells.finish();
      verdict.tolerance = judged->second.tolerance;
    } else {
      verdict.difference.status = Status::shape;
      verdict.tolerance = options_.tolerance.value_or(least_tolerance(empty<double>({0})));
    }
    return verdict;
  }

  const Problem<double>& problem_;
  const std::map<Step, StoredTensor>& theirs_;
  const VerifyOptions& options_;
  const std::map<Step, Shape> shapes_;
  const std::vector<std::optional<Slice>> parts_;
};

bool was_compared(const StepVerdict& verdict) { return verdict.difference.status != Status::missing; }
bool differs(const StepVerdict& verdict) { return was_compared(verdict) && verdict.difference.status != Status::match; }

// Third pass: the run with mistakes in it, from the first step that differs, against everything they handed in.
// Before that step theirs are ours, and the slice has seen to it that the mistakes change none.
class Confirmation {
 public:
  Confirmation(const Problem<double>& problem, const Submission& theirs, const std::vector<StepVerdict>& verdicts, Step first)
      : problem_(problem), theirs_(theirs.tensors), verdicts_(verdicts), first_(first), parts_(parts_of(problem)) {}

  /// What explains every part by itself explains the whole; what mixes samples or heads shows in the whole alone.
  bool holds(const Mistakes& mistakes) const { return (parts_.size() > 1 && holds_in(parts_, mistakes)) || holds_in({std::nullopt}, mistakes); }

 private:
  bool holds_in(const std::vector<std::optional<Slice>>& parts, const Mistakes& mistakes) const {
    std::atomic<bool> refuted = false, applied = false;
    for_each_part(problem_, parts, [&](const Part& part, std::size_t) {
      if (refuted) return;
      const std::optional<bool> found = explained(part, mistakes, parts.size() == 1);
      refuted = refuted || !found;
      applied = applied || found.value_or(false);
    });
    return applied && !refuted;
  }

  // Whether the mistakes changed anything in the part; empty when the part is not what they make of it. A number that
  // is read off their tensors has to be the same in all parts: it is read in the `whole` alone.
  std::optional<bool> explained(const Part& part, const Mistakes& mistakes, bool whole) const {
    Tensor<double> copy;
    MistakenRun run(part.problem(), mistakes, [&](Step step) -> const Tensor<double>* {
      const auto found = theirs_.find(step);
      return !whole || found == theirs_.end() ? nullptr : &found->second.widened(copy);
    });
    for (const StepVerdict& verdict : verdicts_) {
      if (!was_compared(verdict) || verdict.step >= first_) continue;
      run.know(verdict.step, [this, &part, step = verdict.step]() {
        StoredTensor cut;
        return part.cut(step, theirs_.at(step), cut).in<double>();
      });
    }
    try {
      for (const StepVerdict& verdict : verdicts_) {
        if (verdict.step < first_) continue;
        const bool judged = was_compared(verdict) && part.judges(verdict.step);
        if (judged && !agrees(run.shown(verdict.step), verdict, part)) return std::nullopt;
        run.release(verdict.step);
      }
    } catch (const std::exception&) {
      return std::nullopt;  // the mistakes do not fit
    }
    return run.applied();
  }

  bool agrees(const Tensor<double>& shown, const StepVerdict& verdict, const Part& part) const {
    if (verdict.ours != verdict.theirs) return false;
    Tolerance tolerance = least_tolerance(shown);
    tolerance.atol = 4 * std::max(tolerance.atol, verdict.tolerance.atol);
    tolerance.equal_nan = true;
    StoredTensor room;
    return agree(shown, part.cut(verdict.step, theirs_.at(verdict.step), room).view(), tolerance);
  }

  const Problem<double>& problem_;
  const std::map<Step, StoredTensor>& theirs_;
  const std::vector<StepVerdict>& verdicts_;
  const Step first_;
  const std::vector<std::optional<Slice>> parts_;
};

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

// The findings on a slice, carried over to the whole; empty when the whole does not bear them out.
std::optional<Verification> carried_over(Verification part, const std::vector<StepVerdict>& verdicts, const Confirmation& whole) {
  const std::vector<Diagnosis> all = part.diagnosis;
  const auto refuted = [&](const Diagnosis& diagnosis) {
    const std::vector<Mistakes> readings = readings_of(diagnosis, all);
    return std::none_of(readings.begin(), readings.end(), [&](const Mistakes& mistakes) { return whole.holds(mistakes); });
  };
  part.diagnosis.erase(std::remove_if(part.diagnosis.begin(), part.diagnosis.end(), refuted), part.diagnosis.end());
  if (part.diagnosis.empty()) return std::nullopt;
  const auto is_convention = [](const Diagnosis& d) { return d.convention; };
  const bool conventions = std::all_of(part.diagnosis.begin(), part.diagnosis.end(), is_convention);
  if (conventions != (part.verdict == Verdict::match)) return std::nullopt;
  std::vector<StepVerdict> steps = verdicts;
  for (StepVerdict& step : steps) {
    const auto sliced = std::find_if(part.steps.begin(), part.steps.end(), [&](const StepVerdict& s) { return s.step == step.step; });
    // What the slice does not have follows from what it has, or the mistakes would not give it.
    const bool computed = was_compared(step);
    step.local = sliced != part.steps.end() ? sliced->local : computed ? Local::match : Local::unknown;
    const bool result = step.step == Step::weights || step.step == Step::output;
    if (conventions && result && differs(step)) return std::nullopt;
  }
  part.steps = std::move(steps);
  return part;
}

// The map is of the whole, not of the slice that was walked.
void show_where(Verification& found, const Judging& judging, const StepVerdict& first) {
  found.excess.reset();
  if (found.first_divergent_step != first.step) return;
  std::optional<BlockExcess> blocks = judging.excess_at(first);
  if (!blocks) return;
  found.excess = std::move(blocks->worst);
  found.excess_rows = blocks->rows;
  found.excess_columns = blocks->columns;
}

}  // namespace

bool is_large(const Problem<double>& problem) {
  if (problem.layer) return false;  // a layer is not sliced
  std::size_t cells = 0;
  for (const auto& [step, shape] : step_shapes(problem)) cells += element_count(shape).value_or(most_cells_at_once);
  return cells > most_cells_at_once;
}

std::optional<Verification> verify_in_slices(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  Verification result;
  Judging judging(problem, theirs, options);
  result.steps = judging.judged();
  bool compared = false;
  for (StepVerdict& verdict : result.steps) {
    const bool computed = problem.inputs.count(verdict.step) == 0;
    compared = compared || (computed && (verdict.difference.total > 0 || verdict.difference.status == Status::shape));
    // Equal results of equal operands: our operation gives theirs.
    if (computed && was_compared(verdict)) verdict.local = Local::match;
  }
  if (!compared) return result;
  const auto first = std::find_if(result.steps.begin(), result.steps.end(), differs);
  if (first == result.steps.end()) {
    result.verdict = Verdict::match;
    return result;
  }
  const Confirmation confirmation(problem, theirs, result.steps, first->step);
  const bool heads_apart = problem.sizes.kv_heads > 1 && (first->step != Step::output || !problem.has(Step::merged));
  for (const bool of_heads : {true, false}) {
    if (of_heads ? !heads_apart : problem.sizes.batch < 2) continue;
    const Slice slice = slice_around(problem, first->step, first->difference.at, of_heads);
    const Problem<double> part = problem_of_slice(problem, slice);
    Verification found = verify_at_once(part, submission_of_slice(theirs, problem, slice), options);
    if (auto confirmed = carried_over(std::move(found), result.steps, confirmation)) {
      show_where(*confirmed, judging, *first);
      return confirmed;
    }
  }
  return std::nullopt;
}

}  // namespace attn
