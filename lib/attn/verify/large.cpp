#include <attn/verify/bearing_out.hpp>
#include <attn/verify/following.hpp>
#include <attn/verify/judging.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/large.hpp>
#include <attn/verify/linear_image.hpp>
#include <attn/verify/precision_of_part.hpp>
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

// Numbers that some queries have in all steps, beside the keys and values that they read.
constexpr std::size_t most_cells_of_some_queries = 100000;

// Numbers in all steps of a slice that is walked: the keys and values of some queries are those of all positions.
constexpr std::size_t most_cells_of_a_walk = 3 * most_cells_of_a_part;

// Slices around the worst cell of a step, the smallest first: what a small one cannot explain, a larger one may. The last
// has all samples and heads, unless even one query of them is much; empty: it is the whole run.
std::vector<std::optional<Slice>> slices_to_walk(const Problem<double>& problem, const StepVerdict& verdict) {
  const std::size_t at = verdict.in_padding_alone ? verdict.difference.at : verdict.worst_that_counts;
  const auto is_small = [&](const Slice& slice) { return cells_of_slice(problem, slice) <= most_cells_of_a_part; };
  const auto some_queries = [&](const Slice& slice) { return with_queries_around(problem, slice, verdict.step, at, most_cells_of_some_queries); };
  const bool heads_apart = problem.sizes.kv_heads > 1 && (verdict.step != Step::output || !problem.has(Step::merged));
  const Slice head = slice_around(problem, verdict.step, at, true), sample = slice_around(problem, verdict.step, at, false);
  std::vector<std::optional<Slice>> slices;
  if (heads_apart) slices.push_back(is_small(head) ? head : some_queries(head));
  if (problem.sizes.batch > 1 && is_small(sample)) slices.push_back(sample);
  const std::optional<Slice> wide = is_small({}) ? std::nullopt : std::optional(some_queries({}));
  // A step without queries is as large there as in the whole, in which what mixes its heads is made next.
  const bool is_worth_it = wide && has_queries(problem, verdict.step) && cells_of_slice(problem, *wide) <= most_cells_of_a_walk;
  if (slices.empty() || !wide || is_worth_it) slices.push_back(wide);
  return slices;
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
    if (const StepVerdict* const first = judging_.first()) explain_from(*first);
    return std::move(result_);
  }

 private:
  void explain_from(const StepVerdict& first) {
    put_back_theirs();  // every step was read; what explains one reads few
    if (first.difference.status == Status::shape) judge_in_all_parts([](Step) { return true; });
    else judge_as_in_slice(first);
    explain(result_, [this](const StepVerdict& verdict) {
      Explained found = explained(verdict);
      judge_in_all_parts([&](Step step) { return !found.rest || changed_by(found.diagnosis, step); });
      return found;
    });
    show_where();
  }

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
    if (!verdict_on(result_.steps, first.step)->diverges()) judge_in_all_parts([](Step) { return true; });
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
    Explained found = explained_by_mistakes(verdict);
    if (!verdict.in_padding_alone) return found;
    std::vector<Diagnosis>& named = found.diagnosis;
    const bool at_mask = base_of(verdict.step) == Step::mask;
    const auto is_padding = [](const Diagnosis& d) { return d.id == "M17"; };
    const auto says_too_little = [&](const Diagnosis& d) { return !at_mask && !is_padding(d) && (!found.rest || is_of_mask(d)); };
    named.erase(std::remove_if(named.begin(), named.end(), says_too_little), named.end());
    if (std::none_of(named.begin(), named.end(), is_padding)) named.push_back({"M17", "", verdict.step, true, true, 0, ""});
    if (named.size() == 1) found.rest = !any_differs_after(result_.steps, verdict.step);
    return found;
  }

  static bool is_of_mask(const Diagnosis& diagnosis) {
    const auto rows = mistakes_of(diagnosis.id);
    return std::any_of(rows.begin(), rows.end(), [&](const Mistake* row) { return row->variant == diagnosis.variant && first_effect({row}) == Step::mask; });
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
      if (!found.diagnosis.empty()) return found;
      pairs_left_out = pairs_left_out || found.pairs_left_out;
      walked.push_back(*slice);
    }
    if (auto same = other_weights(verdict.step)) return {{*same}};
    // Those that mix what the last slice keeps apart were not tried.
    pairs_left_out = pairs_left_out || walked.back().sample || walked.back().kv_head;
    make_room();
    // Theirs are so far from ours that a mistake which changes nothing cannot be taken for theirs.
    Explained found;
    if (verdict.difference.passing_atol > 8 * verdict.tolerance.atol) found = made_in_whole(verdict.step, whole.of_the_whole_alone(walked));
    if (found.diagnosis.empty() && may_hide_in_padding(verdict.step)) found = made_in_whole(verdict.step, whole_from(verdict.step, Padding::left_out).of_the_whole_alone(walked));
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
    return Confirmation(problem_, theirs_, result_.steps, step, padding, [this] { prepare_for_the_whole(); });
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
    const auto ties = [&](const Mistakes& held) { return ties_with(held, whole.small(), theirs_, options_); };
    if (suspected.diagnosis.empty()) return suspected;
    Explained found;
    if (!suspected.without_padding) found = borne_out(suspected, whole, ties);
    if (!found.rest && may_hide_in_padding(step)) {
      Explained of_what_counts = borne_out(suspected, whole_from(step, Padding::left_out), ties);
      if (found.diagnosis.empty() || of_what_counts.rest) found = std::move(of_what_counts);
    }
    if (!found.diagnosis.empty()) return found;
    if (auto same = other_weights(step)) return {{*same}};
    if (auto loss = loss_of_precision(walk_of(slice, last).walk.divergence_at(step, suspected.without_padding)); loss && (loss = lost_in_every_part(*loss, suspected.without_padding ? Padding::left_out : Padding::counts))) return {{*loss}};
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

  // A loss of precision that a slice has, if every part that differs has it, in the precision that most of them are said
  // to have.
  std::optional<Diagnosis> lost_in_every_part(const Diagnosis& suspected, Padding padding) const {
    const bool of_heads = has_heads(problem_, suspected.step);
    const auto parts = of_heads ? parts_of(problem_) : parts_with_all_heads(problem_);
    std::vector<PrecisionOfPart> found(parts.size());
    for_each_part(problem_, parts, [&](const Part& part, std::size_t index) {
      if (part.judges(suspected.step)) found[index] = precision_of_part(part, theirs_, suspected, options_, padding);
    });
    std::map<std::string, std::size_t> variants;
    for (const PrecisionOfPart& part : found) {
      if (!part.differs) continue;
      if (!part.loss) return std::nullopt;
      ++variants[part.loss->variant];
    }
    const auto fewer = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto most = std::max_element(variants.begin(), variants.end(), fewer);
    if (most == variants.end()) return std::nullopt;
    Diagnosis lost = suspected;
    lost.variant = most->first;
    return lost;
  }

  // The same NaN on both sides, and NaN was not said to be equal: nothing was compared there.
  bool only_nan(const StepVerdict& verdict) const {
    VerifyOptions equal_nan = options_;
    equal_nan.equal_nan = true;
    const bool hidden = has_padding(problem_, verdict.step) && verdict.difference.status == Status::nonfinite;
    const bool worst_is_nan = std::isnan(verdict.difference.ours) && std::isnan(verdict.difference.theirs);
    return !verdict.in_padding_alone && !options_.equal_nan && (worst_is_nan || hidden) && matches_with(equal_nan, verdict.step);
  }

  // Narrower tolerances were asked for than float32 arithmetic can keep.
  bool rounding_only(const StepVerdict& verdict) const {
    return options_.tolerance && matches_with({std::nullopt, true}, verdict.step);
  }

  bool matches_with(const VerifyOptions& options, Step step) const {
    const Judging judging(problem_, theirs_, options);
    return !verdict_on(judging.verdicts(), step)->differs_where_it_counts();
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
};

}  // namespace

bool is_large(const Problem<double>& problem) {
  return !problem.layer && cells_of(problem) > most_cells_at_once;  // a layer is not sliced
}

Verification verify_in_parts(const Problem<double>& problem, const Submission& theirs, const VerifyOptions& options) {
  return LargeWalk(problem, theirs, options).findings();
}

}  // namespace attn
