#include <attn/verify/bearing_out.hpp>
#include <attn/verify/following.hpp>
#include <attn/verify/judging.hpp>
#include <attn/verify/large.hpp>
#include <attn/verify/linear_image.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/precision_of_part.hpp>
#include <attn/verify/slices_to_walk.hpp>
#include <attn/verify/small_run.hpp>
#include <attn/verify/walk.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

// The walk over a slice, or over the whole run where it has none, up to the `last` step or to the end.
struct WalkOfPart {
  WalkOfPart(const Problem<double>& whole, const Submission& submission, const VerifyOptions& options, const std::optional<Slice>& slice, std::optional<Step> up_to)
      : part(whole, slice),
        last(up_to),
        theirs(slice ? submission_of_slice(submission, whole, *slice) : submission),
        walk(part.problem(), theirs, options, up_to) {}

  // What explains the step; nothing where it does not differ here.
  Explained explained(Step step) const {
    const StepVerdict* const verdict = verdict_on(walk.verdicts(), step);
    return verdict && verdict->diverges() ? walk.diagnosed(*verdict) : Explained();
  }

  const Part part;
  const std::optional<Step> last;
  const Submission theirs;
  const Walk walk;
};

// What else gives the numbers that these mistakes give, as a small run like it shows. A slice cannot tell: there no
// mistake can be made that needs all samples, heads or queries.
std::vector<Diagnosis> ties_with(const Mistakes& mistakes, const Problem<double>& small, const Submission& theirs, const VerifyOptions& options) {
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

class LargeWalk {
 public:
  LargeWalk(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options)
      : problem_(problem), theirs_(theirs), options_(options), judging_(problem, theirs, options) {}

  Verification findings() {
    result_.steps = judging_.verdicts();
    if (!anything_compared(problem_, result_.steps)) return std::move(result_);
    judge_locally([](const StepVerdict&) { return Local::match; });
    result_.verdict = Verdict::match;
    if (judging_.first()) explain_steps();
    return std::move(result_);
  }

 private:
  void explain_steps() {
    put_back_theirs();  // every step was read; what explains one reads few
    judge_before_explaining();
    explain(result_, [this](const StepVerdict& verdict) {
      Explained found = explained(verdict);
      if (!is_padding_before_what_counts(verdict, found)) judge_in_all_parts([&](Step step) { return !found.rest || changed_by(found.diagnosis, step); });
      return found;
    });
    show_where();
  }

  // As in a slice around the first step that is to be explained; one that differs in padding alone is left to itself where
  // another counts.
  void judge_before_explaining() {
    const StepVerdict* const counting = judging_.first_that_counts();
    const StepVerdict& first = counting ? *counting : *judging_.first();
    const auto every_step = [](Step) { return true; };
    if (first.difference.status != Status::shape) judge_as_in_slice(first);
    if (first.difference.status == Status::shape || !verdict_on(result_.steps, first.step)->diverges()) judge_in_all_parts(every_step);
    judge_in_all_parts([&](Step step) { return verdict_on(result_.steps, step)->in_padding_alone; });
  }

  // What counts is explained next; until then, padding asks nothing of the steps after it.
  bool is_padding_before_what_counts(const StepVerdict& verdict, const Explained& found) const {
    const StepVerdict* const counting = judging_.first_that_counts();
    return counting && verdict.step < counting->step && std::all_of(found.diagnosis.begin(), found.diagnosis.end(), is_padding);
  }

  static bool is_padding(const Diagnosis& diagnosis) { return diagnosis.id == "M17"; }

  template <class F>
  void judge_locally(F&& local_of) {
    for (StepVerdict& verdict : result_.steps) {
      const bool computed = problem_.inputs.count(verdict.step) == 0 && verdict.compared();
      verdict.local = computed ? local_of(verdict) : Local::unknown;
    }
  }

  // As a slice has it around the first cell that differs. What it does not have follows from what it has, unless the
  // parts show otherwise.
  void judge_as_in_slice(const StepVerdict& first) {
    const std::vector<StepVerdict>& sliced = walk_of(slices_to_walk(problem_, first).front()).walk.verdicts();
    judge_locally([&](const StepVerdict& verdict) {
      const StepVerdict* const found = verdict_on(sliced, verdict.step);
      const bool asks_less = found && found->in_padding_alone && !verdict.in_padding_alone;  // in the whole padding need not follow
      return found && !asks_less ? found->local : Local::match;
    });
  }

  // A step that does not follow from theirs in some slice does not in the whole.
  template <class F>
  void judge_in_all_parts(F&& is_open) {
    std::set<Step> open;
    for (const StepVerdict& verdict : result_.steps) {
      if (verdict.local == Local::match && judged_.count(verdict.step) == 0 && is_open(verdict.step)) open.insert(verdict.step);
    }
    if (open.empty()) return;
    const std::map<Step, Local> locals = judged_locally(problem_, theirs_, result_.steps, options_, open);
    for (StepVerdict& verdict : result_.steps) {
      if (open.count(verdict.step) > 0) verdict.local = locals.at(verdict.step);
    }
    judged_.insert(open.begin(), open.end());
    put_back_theirs();
  }

  // Whether the step may be something else than our operation on tensors of theirs before it, whichever of these explains
  // them: a mistake acts there, or on the way from the last ones that were handed in.
  bool changed_by(const std::vector<Diagnosis>& explaining, Step step) const {
    const auto acts_unseen = [&](Step acting) { return acting == step || (acting < step && theirs_.tensors.count(acting) == 0); };
    const auto may_change = [&](const Mistake* row) {
      return row->effect == Effect::shows || std::any_of(row->acts_on.begin(), row->acts_on.end(), acts_unseen);
    };
    return std::all_of(explaining.begin(), explaining.end(), [&](const Diagnosis& diagnosis) {
      const auto rows = mistakes_of(diagnosis.id);
      return !diagnosis.with.empty() || std::any_of(rows.begin(), rows.end(), may_change);
    });
  }

  // That only padding differs needs no slice to be seen. A mistake that shows there is named beside it if it explains the
  // rest, too, and is none of a mask that was not seen; or at the mask.
  Explained explained(const StepVerdict& verdict) {
    if (auto padding_alone = explained_by_padding_alone(result_.steps, verdict)) return *padding_alone;
    Explained found = explained_by_mistakes(verdict);
    if (!verdict.in_padding_alone) return found;
    std::vector<Diagnosis>& named = found.diagnosis;
    const bool at_mask = base_of(verdict.step) == Step::mask;
    const auto says_too_little = [&](const Diagnosis& d) { return !at_mask && !is_padding(d) && (!found.rest || is_of_mask(d)); };
    named.erase(std::remove_if(named.begin(), named.end(), says_too_little), named.end());
    if (std::none_of(named.begin(), named.end(), is_padding)) named.push_back({"M17", "", verdict.step, true, true, 0, ""});
    if (named.size() == 1) found.rest = !any_differs_after(result_.steps, verdict.step);
    found.pairs_left_out = false;
    return found;
  }

  Explained explained_by_mistakes(const StepVerdict& verdict) {
    if (only_nan(verdict)) return {{{"T3", "NaN", verdict.step, true, false, 0, ""}}};
    if (rounding_only(verdict)) return {{{"T1", "", verdict.step, true, false, verdict.difference.max_abs, ""}}};
    const Confirmation whole = whole_from(verdict.step, Padding::counts);
    if (verdict.difference.status == Status::shape) return made_in_whole(verdict.step, whole.of_another_shape());
    bool pairs_left_out = false;
    std::vector<Slice> walked;
    for (const std::optional<Slice>& slice : slices_to_walk(problem_, verdict)) {
      if (!slice) return walk_of(slice).explained(verdict.step);
      // What follows the step was seen in the first; what explains the step is held against it in the whole.
      const auto last = walked.empty() ? std::nullopt : std::optional(verdict.step);
      const Explained found = explained_on(slice, last, verdict.step, whole);
      // What padding alone shows is a mistake of single cells, as a score that is capped after the mask.
      if (!found.diagnosis.empty() || verdict.in_padding_alone) return found;
      pairs_left_out = pairs_left_out || found.pairs_left_out;
      walked.push_back(*slice);
    }
    if (auto same = other_weights(verdict.step)) return {{*same}};
    // Those that mix what the last slice keeps apart were not tried.
    pairs_left_out = pairs_left_out || walked.back().sample || walked.back().kv_head;
    make_room();
    // Theirs are so far from ours that a mistake which changes nothing cannot be taken for theirs.
    const bool is_far = verdict.difference.passing_atol > 8 * verdict.tolerance.atol;
    Explained found = with_or_without_padding(may_hide_in_padding(verdict.step), [&](Padding padding) {
      if (padding == Padding::left_out) return made_in_whole(verdict.step, whole_from(verdict.step, padding).of_the_whole_alone(walked));
      return is_far ? made_in_whole(verdict.step, whole.of_the_whole_alone(walked)) : Explained();
    });
    found.pairs_left_out = found.diagnosis.empty() && pairs_left_out;
    return found;
  }

  // What explains the step may be hidden by padding of theirs, there or in a later one; the step has other cells that differ.
  bool may_hide_in_padding(Step step) const {
    return !verdict_on(result_.steps, step)->in_padding_alone && std::any_of(result_.steps.begin(), result_.steps.end(), [&](const StepVerdict& verdict) {
      return verdict.differs() && has_padding(problem_, verdict.step);
    });
  }

  Confirmation whole_from(Step step, Padding padding) {
    if (!small_) small_ = std::make_unique<SmallRun>(problem_);
    return Confirmation(*small_, theirs_, result_.steps, step, padding, [this] { prepare_for_the_whole(); });
  }

  // What is made in the whole computes no step that follows from theirs, and needs the room of the slice that was walked
  // and of what was read of theirs.
  void prepare_for_the_whole() {
    make_room();
    judge_in_all_parts([](Step) { return true; });
  }

  void make_room() {
    walked_.reset();
    put_back_theirs();
  }

  void put_back_theirs() const {
    for (const auto& [step, tensor] : theirs_.tensors) tensor.put_back();
  }

  // What explains the step on the slice, walked up to the `last` step, and is borne out by the whole.
  Explained explained_on(const std::optional<Slice>& slice, std::optional<Step> last, Step step, const Confirmation& whole) {
    const Explained suspected = walk_of(slice, last).explained(step);
    if (suspected.diagnosis.empty()) return suspected;
    const auto ties = [&](const Mistakes& held) { return ties_with(held, small_->problem(), theirs_, options_); };
    const Explained found = with_or_without_padding(may_hide_in_padding(step), [&](Padding padding) {
      if (padding == Padding::left_out) return borne_out(suspected, whole_from(step, padding), ties);
      return suspected.padding == Padding::counts ? borne_out(suspected, whole, ties) : Explained();
    });
    if (!found.diagnosis.empty()) return found;
    if (auto same = other_weights(step)) return {{*same}};
    auto loss = loss_of_precision(walk_of(slice, last).walk.divergence_at(step, suspected.padding));
    if (loss) loss = lost_in_every_part(problem_, theirs_, *loss, options_, suspected.padding);
    if (loss) return {{*loss}};
    return {{}, false, suspected.pairs_left_out};
  }

  static Explained made_in_whole(Step step, const Confirmation::Held& held) {
    Explained explained;
    explained.rest = held.extent == Extent::rest;
    for (const Mistake* row : held.mistakes) {
      const auto listed = [&](const Diagnosis& other) { return other.id == row->id; };
      if (std::any_of(explained.diagnosis.begin(), explained.diagnosis.end(), listed)) continue;
      explained.diagnosis.push_back({row->id, row->variant, step, acts_at(*row, step), false, 0, ""});
    }
    explained.pairs_left_out = held.mistakes.empty();
    return explained;
  }

  std::optional<Diagnosis> other_weights(Step step) {
    if (step > Step::v) return std::nullopt;
    judge_in_all_parts([](Step) { return true; });
    auto same = reparametrised(problem_, result_.steps, step);
    if (!same) return std::nullopt;
    const Tensor<double> ours = Evaluator<double>(problem_).take(step), theirs = theirs_.tensors.at(step).in<double>();
    return are_linear_images(problem_, step, ours, theirs) ? same : std::nullopt;
  }

  // The same NaN on both sides, and NaN was not said to be equal: nothing was compared there.
  bool only_nan(const StepVerdict& verdict) const {
    VerifyOptions equal_nan = options_;
    equal_nan.equal_nan = true;
    const bool hidden = has_padding(problem_, verdict.step) && verdict.difference.status == Status::nonfinite;
    const bool worst_is_nan = std::isnan(verdict.difference.ours) && std::isnan(verdict.difference.theirs);
    const bool is_asked = !verdict.in_padding_alone && !options_.equal_nan && (worst_is_nan || hidden);
    return is_asked && !judged_with(equal_nan, verdict.step).differs_where_it_counts();
  }

  // Narrower tolerances were asked for than float32 arithmetic can keep.
  bool rounding_only(const StepVerdict& verdict) const {
    return options_.tolerance && !judged_with({std::nullopt, true}, verdict.step).differs();
  }

  StepVerdict judged_with(const VerifyOptions& options, Step step) const {
    return *verdict_on(Judging(problem_, theirs_, options).verdicts(), step);
  }

  // The walk over the last slice that was asked for is kept.
  const WalkOfPart& walk_of(const std::optional<Slice>& slice, std::optional<Step> last = {}) {
    if (!walked_ || walked_->part.slice() != slice || walked_->last != last) {
      walked_.reset();  // to make room
      walked_ = std::make_unique<WalkOfPart>(problem_, theirs_, options_, slice, last);
    }
    return *walked_;
  }

  // The map is of the whole, not of the slice that was walked.
  void show_where() {
    if (!result_.first_divergent_step) return;
    std::optional<Judging::Map> map = judging_.map_of(*result_.first_divergent_step);
    if (!map) return;
    result_.excess = std::move(map->worst);
    result_.excess_rows = map->grid.rows();
    result_.excess_columns = map->grid.columns();
  }

  const Problem<double>& problem_;
  const Submission& theirs_;
  const VerifyOptions& options_;
  const Judging judging_;
  Verification result_;
  std::set<Step> judged_;  // locally, in all parts
  std::unique_ptr<WalkOfPart> walked_;
  std::unique_ptr<SmallRun> small_;  // made when the first step is explained
};

}  // namespace

bool is_large(const Problem<double>& problem) {
  return !problem.layer && cells_of(problem) > most_cells_at_once;  // a layer is not sliced
}

Verification verify_in_parts(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  return LargeWalk(problem, theirs, options).findings();
}

}  // namespace attn
