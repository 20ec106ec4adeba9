#include <attn/verify/excess.hpp>
#include <attn/verify/large.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/verify/slice.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

constexpr std::size_t most_block_rows = 24, most_block_columns = 32;  // a map of a matrix says no more

// First pass: ours against theirs, end to end, each of our tensors only as long as it is needed.
class Stream {
 public:
  Stream(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options)
      : problem_(problem), theirs_(theirs.tensors), options_(options), shapes_(step_shapes(problem)), run_(problem) {}

  std::vector<StepVerdict> judged() {
    std::vector<StepVerdict> verdicts;
    for (const auto& [step, shape] : shapes_) {
      verdicts.push_back(judged(step, shape));
    }
    return verdicts;
  }

  /// Where the first step that differs does so; empty where nothing could be subtracted.
  std::optional<std::pair<Step, BlockExcess>> take_first_excess() { return std::move(first_excess_); }

 private:
  StepVerdict judged(Step step, const Shape& shape) {
    StepVerdict verdict{step, {}, Local::unknown, {}, {}, shape, {}};
    const auto found = theirs_.find(step);
    if (found == theirs_.end()) return verdict;
    verdict.theirs = found->second.shape();
    const Tensor<double>& ours = run_.get(step);
    run_.release(step);
    const TensorView theirs = found->second.view();
    verdict.tolerance = options_.tolerance ? *options_.tolerance : single_ ? measured(step, ours) : least_tolerance(ours);
    verdict.tolerance.equal_nan = options_.equal_nan;
    // A tensor that the cheap tolerance passes needs no other.
    if (!options_.tolerance && !single_ && verdict.ours == theirs.shape() && !agree(ours, theirs, verdict.tolerance)) {
      narrow_ = in_float32(problem_);
      single_ = std::make_unique<Evaluator<float>>(narrow_);
      verdict.tolerance = measured(step, ours);
    }
    verdict.difference = compare(ours, theirs, verdict.tolerance);
    const bool differs = verdict.difference.status == Status::mismatch || verdict.difference.status == Status::nonfinite;
    if (differs && !first_excess_ && !shape.empty()) {
      first_excess_.emplace(step, block_excess(ours, theirs, verdict.tolerance, most_block_rows, most_block_columns));
    }
    return verdict;
  }

  // How far rounding really goes, from a float32 run of ours.
  Tolerance measured(Step step, const Tensor<double>& ours) {
    Tolerance tolerance = rounding_tolerance(ours, single_->get(step));
    single_->release(step);
    tolerance.equal_nan = options_.equal_nan;
    return tolerance;
  }

  const Problem<double>& problem_;
  const std::map<Step, StoredTensor>& theirs_;
  const VerifyOptions& options_;
  const std::map<Step, Shape> shapes_;
  Evaluator<double> run_;
  std::optional<std::pair<Step, BlockExcess>> first_excess_;
  Problem<float> narrow_;
  std::unique_ptr<Evaluator<float>> single_;
};

bool was_compared(const StepVerdict& verdict) { return verdict.difference.status != Status::missing; }
bool differs(const StepVerdict& verdict) { return was_compared(verdict) && verdict.difference.status != Status::match; }

// Third pass: the whole run with mistakes in it, from the first step that differs, against everything they
// handed in. Before that step theirs are ours, and the slice has seen to it that the mistakes change none.
class Confirmation {
 public:
  Confirmation(const Problem<double>& problem, const Submission& theirs, const std::vector<StepVerdict>& verdicts, Step first)
      : problem_(problem), theirs_(theirs.tensors), verdicts_(verdicts), first_(first) {}

  bool holds(const Mistakes& mistakes) {
    Tensor<double> copy;
    MistakenRun run(problem_, mistakes, [&](Step step) -> const Tensor<double>* {
      const auto found = theirs_.find(step);
      return found == theirs_.end() ? nullptr : &found->second.widened(copy);
    });
    for (const StepVerdict& verdict : verdicts_) {
      if (was_compared(verdict) && verdict.step < first_) {
        run.know(verdict.step, [this, step = verdict.step]() { return theirs_.at(step).in<double>(); });
      }
    }
    try {
      for (const StepVerdict& verdict : verdicts_) {
        if (verdict.step < first_) continue;
        if (was_compared(verdict) && !agrees(run.shown(verdict.step), verdict)) return false;
        run.release(verdict.step);
      }
    } catch (const std::exception&) {
      return false;  // the mistakes do not fit the whole
    }
    return run.applied();
  }

 private:
  bool agrees(const Tensor<double>& shown, const StepVerdict& verdict) const {
    Tolerance tolerance = least_tolerance(shown);
    tolerance.atol = 4 * std::max(tolerance.atol, verdict.tolerance.atol);
    tolerance.equal_nan = true;
    return agree(shown, theirs_.at(verdict.step).view(), tolerance);
  }

  const Problem<double>& problem_;
  const std::map<Step, StoredTensor>& theirs_;
  const std::vector<StepVerdict>& verdicts_;
  const Step first_;
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
std::optional<Verification> carried_over(Verification part, const std::vector<StepVerdict>& verdicts, Confirmation& whole) {
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
void show_where(Verification& found, std::optional<std::pair<Step, BlockExcess>>& first) {
  found.excess.reset();
  if (!first || found.first_divergent_step != first->first) return;
  found.excess = std::move(first->second.worst);
  found.excess_rows = first->second.rows;
  found.excess_columns = first->second.columns;
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
  std::optional<std::pair<Step, BlockExcess>> first_excess;
  {
    Stream stream(problem, theirs, options);
    result.steps = stream.judged();
    first_excess = stream.take_first_excess();
  }
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
  Confirmation confirmation(problem, theirs, result.steps, first->step);
  const bool heads_apart = problem.sizes.kv_heads > 1 && (first->step != Step::output || !problem.has(Step::merged));
  for (const bool of_heads : {true, false}) {
    if (of_heads ? !heads_apart : problem.sizes.batch < 2) continue;
    const Slice slice = slice_around(problem, first->step, first->difference.at, of_heads);
    const Problem<double> part = problem_of_slice(problem, slice);
    Verification found = verify_at_once(part, submission_of_slice(theirs, problem, slice), options);
    if (auto confirmed = carried_over(std::move(found), result.steps, confirmation)) {
      show_where(*confirmed, first_excess);
      return confirmed;
    }
  }
  return std::nullopt;
}

}  // namespace attn
