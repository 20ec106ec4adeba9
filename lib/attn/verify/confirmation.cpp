#include <attn/verify/confirmation.hpp>
#include <attn/verify/from_equals.hpp>
#include <attn/verify/rounding.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <functional>

namespace attn {

namespace {

using Mistakes = std::vector<const Mistake*>;

// Whether judge(part) is never empty, and true of one part at least.
bool in_every_part(const Problem<double>& problem, const std::vector<std::optional<Slice>>& parts,
                   const std::function<std::optional<bool>(const Part&)>& judge) {
  std::atomic<bool> refuted = false, applied = false;
  for_each_part(problem, parts, [&](const Part& part, std::size_t) {
    if (refuted) return;
    const std::optional<bool> found = judge(part);
    refuted = refuted || !found;
    applied = applied || found.value_or(false);
  });
  return applied && !refuted;
}

bool only_show(const Mistakes& mistakes) {
  return std::any_of(mistakes.begin(), mistakes.end(), [](const Mistake* mistake) { return mistake->effect == Effect::shows; });
}

bool act_at(const Mistakes& mistakes, Step step) {
  return std::any_of(mistakes.begin(), mistakes.end(), [step](const Mistake* mistake) { return acts_at(*mistake, step); });
}

}  // namespace

Confirmation::Confirmation(const SmallRun& small, const Submission& theirs, const std::vector<StepVerdict>& verdicts, Step step,
                           Padding padding, std::function<void()> before_whole)
    : small_(small),
      problem_(small.whole()),
      theirs_(theirs.tensors),
      verdicts_(verdicts),
      step_(step),
      padding_(padding),
      before_whole_(std::move(before_whole)),
      parts_(parts_of(problem_)) {}

Extent Confirmation::in_parts(const Mistakes& mistakes) const {
  if (read_cells(mistakes)) return in_padding_alone();
  return small_.can_be_told_in_parts(mistakes) ? reached_in(parts_, mistakes) : Extent::nothing;
}

Extent Confirmation::in_whole(const Mistakes& mistakes) const {
  if (read_cells(mistakes)) return in_padding_alone();
  MistakenRun run(small_.problem(), mistakes);
  if (gives_nan_for_numbers(run)) return Extent::nothing;
  if (before_whole_) before_whole_();
  return reached_in({std::nullopt}, mistakes);
}

// What stands in cells of padding gives itself: the verdicts say where nothing else differs.
Extent Confirmation::in_padding_alone() const {
  if (!verdict_on(verdicts_, step_)->in_padding_alone) return Extent::nothing;
  return any_differs_after(verdicts_, step_) ? Extent::step : Extent::rest;
}

bool Confirmation::only_whole_can_tell(const Mistakes& mistakes) const { return !read_cells(mistakes) && (!small_.can_be_told_in_parts(mistakes) || small_.read_theirs(mistakes)); }

Confirmation::Held Confirmation::of_the_whole_alone(const std::vector<Slice>& walked) const {
  std::vector<SmallParts> kinds;
  for (const Slice& slice : walked) kinds.emplace_back(small_.problem(), small_.right(), slice);
  return made([&](MistakenRun& run) {
    const auto was_told = [&](const SmallParts& kind) { return kind.stays_within(run, [this](Step step) { return is_compared(step); }, step_).value_or(true); };
    return !gives_another_shape(run) && std::none_of(kinds.begin(), kinds.end(), was_told);
  });
}

Confirmation::Held Confirmation::of_another_shape() const {
  return made([this](MistakenRun& run) { return gives_another_shape(run); });
}

bool Confirmation::gives_another_shape(MistakenRun& run) const {
  run.know_before_mistakes(small_.right());
  try {
    return shape_of(run.shown(step_)) != shape_of(small_.right().at(step_));
  } catch (const std::exception&) {
    return false;  // the mistake does not fit the small run
  }
}

// Whether it makes NaN of a step that is a number in every cell, on both sides.
bool Confirmation::gives_nan_for_numbers(MistakenRun& run) const {
  const auto has_nan = [](const Tensor<double>& tensor) {
    return std::any_of(tensor.storage().begin(), tensor.storage().end(), [](double value) { return std::isnan(value); });
  };
  const Difference& found = verdict_on(verdicts_, step_)->difference;
  if (found.status != Status::mismatch || found.nonfinite > 0 || has_nan(small_.right().at(step_))) return false;
  try {
    return has_nan(run.shown(step_));
  } catch (const std::exception&) {
    return false;  // the mistake does not fit the small run
  }
}

bool Confirmation::are_one(const Mistakes& held, const Mistakes& others) const {
  if (only_show(held) || only_show(others)) return false;
  const bool joined = parts_.front() && parts_.front()->kv_head && problem_.has(Step::merged);
  if (joined && (change(held, Step::output) || change(others, Step::output))) return false;
  if (!small_.can_be_told_in_parts(held) || !small_.can_be_told_in_parts(others)) return false;
  return in_every_part(problem_, parts_, [&](const Part& part) { return equal(part, held, others); });
}

bool Confirmation::keep_result(const Mistakes& mistakes) const {
  // The run with the mistakes gives theirs: their result says it.
  if (is_compared(problem_.steps.back())) {
    const StepVerdict& result = *verdict_on(verdicts_, problem_.steps.back());
    return result.difference.status == Status::match || (padding_ == Padding::left_out && result.in_padding_alone);
  }
  return in_every_part(problem_, parts_, [&](const Part& part) -> std::optional<bool> {
    const Step result = part.problem().steps.back();
    std::map<Step, Tensor<double>> copies;
    Evaluator<double> right(part.problem());
    MistakenRun run(part.problem(), mistakes, [&](Step step) { return their_tensor(step, part, copies); });
    Tolerance tolerance = least_tolerance(right.get(result));
    tolerance.atol *= 4;
    tolerance.equal_nan = true;
    try {
      if (!agree(right.get(result), run.get(result), tolerance)) return std::nullopt;
    } catch (const std::exception&) {
      return std::nullopt;  // the mistakes do not fit
    }
    return true;
  });
}

// As far as every part is theirs, if the mistakes change anything in one of them.
Extent Confirmation::reached_in(const std::vector<std::optional<Slice>>& parts, const Mistakes& mistakes) const {
  std::atomic<bool> step = true, rest = true, applied = false;
  const auto take = [&](const Reached& found) {
    if (found.extent == Extent::nothing) step = false;
    if (found.extent != Extent::rest) rest = false;
    if (found.applied) applied = true;
  };
  JoinedHeads<double> joined(problem_, parts);
  for_each_part(problem_, parts, [&](const Part& part, std::size_t) {
    if (step) take(reached(part, mistakes, parts.size() == 1, joined));
  });
  if (rest && has_to_be_joined(mistakes, joined)) take(reached_joined(joined, mistakes));
  if (!step || !applied) return Extent::nothing;
  return rest ? Extent::rest : Extent::step;
}

bool Confirmation::has_to_be_joined(const Mistakes& mistakes, const JoinedHeads<double>& joined) const {
  return joined.needed() && is_compared(Step::output) && !follows_from_theirs(mistakes, Step::output, false);
}

// Whether the mistake can change the step, and none of theirs before it.
bool Confirmation::reaches(const Mistake& mistake) const {
  const auto is_known_step = [this](Step step) { return is_known(step); };
  bool reached = false;
  for (const Step step : mistake.acts_on) {
    const bool given = problem_.inputs.count(step) > 0;
    if (is_known(step) && !given) return false;
    reached = reached || step == step_ || (step < step_ && is_computed_from(problem_, step_, step, is_known_step));
  }
  return reached;
}

Confirmation::Held Confirmation::made(const std::function<bool(MistakenRun&)>& is_worth_it) const {
  Mistakes candidates;
  for (const Mistake& mistake : mistakes_in(problem_)) {
    if (!mistake.convention && reaches(mistake)) candidates.push_back(&mistake);
  }
  std::vector<char> worth(candidates.size());  // threads write side by side
  for_each_piece(candidates.size(), worker_count(0, candidates.size()), [&](std::size_t i, std::size_t) {
    MistakenRun run(small_.problem(), {candidates[i]});
    worth[i] = is_worth_it(run) ? 1 : 0;
  });
  std::vector<std::pair<const Mistake*, Extent>> giving;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (worth[i] == 0) continue;
    const Mistakes alone = {candidates[i]};
    const Extent extent = small_.can_be_told_in_parts(alone) ? in_parts(alone) : in_whole(alone);
    if (extent != Extent::nothing) giving.emplace_back(candidates[i], extent);
  }
  Held held;
  for (const auto& [mistake, extent] : giving) held.extent = std::max(held.extent, extent);
  Mistakes definite, fitted;
  for (const auto& [mistake, extent] : giving) {
    if (extent == held.extent) (mistake->fitted ? fitted : definite).push_back(mistake);
  }
  held.mistakes = definite.empty() ? fitted : definite;
  return held;
}

bool Confirmation::is_compared(Step step) const {
  const StepVerdict* const verdict = verdict_on(verdicts_, step);
  return verdict && verdict->compared();
}

// Before the step theirs are known, where they were handed in and fit.
bool Confirmation::is_known(Step step) const {
  return step < step_ && is_compared(step) && verdict_on(verdicts_, step)->difference.status != Status::shape;
}

const Tensor<double>* Confirmation::their_tensor(Step step, const Part& part, std::map<Step, Tensor<double>>& copies) const {
  const auto found = theirs_.find(step);
  if (found == theirs_.end()) return nullptr;
  const auto [copy, fresh] = copies.try_emplace(step);
  StoredTensor room;
  if (fresh) copy->second = part.cut(step, found->second, room).in<double>();
  return &copy->second;
}

// What they were given says nothing of what a mistake makes of it. `right`: our run of the part, of which little is asked.
void Confirmation::know_theirs(MistakenRun& run, const Part& part, Evaluator<double>& right) const {
  for (const StepVerdict& verdict : verdicts_) {
    const bool stands = is_known(verdict.step) && !(was_given(verdicts_, problem_, verdict.step) && change(run.mistakes(), verdict.step));
    if (stands) know_their(run, verdict.step, part, right);
  }
}

// What stands there in cells of padding is left out; a tensor that is ours altogether has nothing else there.
bool Confirmation::may_be_ours_in_padding(const StepVerdict& verdict) const {
  return padding_ == Padding::left_out && verdict.differs() && has_padding(problem_, verdict.step);
}

// Ours stands in padding, as a mistake may move it to where it counts; one that reads none needs nothing there.
void Confirmation::know_their(MistakenRun& run, Step step, const Part& part, Evaluator<double>& right) const {
  run.know(step, [this, &run, &part, &right, step]() {
    StoredTensor cut;
    const StoredTensor& theirs = part.cut(step, theirs_.at(step), cut);
    if (may_be_ours_in_padding(*verdict_on(verdicts_, step))) {
      const bool is_read = step >= first_effect(run.mistakes()) || small_.read_padding(run.mistakes());
      const Tensor<double>* const filler = is_read ? &right.get(step) : nullptr;
      if (auto counting = with_padding_of(part.problem(), step, theirs.in<double>(), filler)) return std::move(*counting);
    }
    return theirs.in<double>();
  });
}

// Our operation gives it from what it reads of theirs, and the mistakes do not come between. That it does is free to see
// where both are ours; in any other case it was judged before the whole is made.
bool Confirmation::follows_from_theirs(const Mistakes& mistakes, Step step, bool whole) const {
  const StepVerdict* const verdict = verdict_on(verdicts_, step);
  if (step <= step_ || !verdict || act_at(mistakes, step)) return false;
  const bool was_judged = whole && before_whole_ && verdict->local == Local::match;
  if (!was_judged && !follows_from_equals(problem_, verdicts_, *verdict, padding_)) return false;
  const std::vector<Step> operands = operands_of(step);
  return std::all_of(operands.begin(), operands.end(), [&](Step operand) {
    if (!problem_.has(operand)) return true;
    const StepVerdict* const read = verdict_on(verdicts_, operand);
    return read && read->compared() && read->difference.status != Status::shape;
  });
}

// A number that is read off their tensors has to be the same in all parts: it is read in the `whole` alone.
Confirmation::Reached Confirmation::reached(const Part& part, const Mistakes& mistakes, bool whole, JoinedHeads<double>& joined) const {
  std::map<Step, Tensor<double>> copies;
  MistakenRun run(part.problem(), mistakes, [&](Step step) { return whole ? their_tensor(step, part, copies) : nullptr; });
  Evaluator<double> right(part.problem());
  know_theirs(run, part, right);
  Extent extent = Extent::nothing;
  try {
    for (const StepVerdict& verdict : verdicts_) {
      if (verdict.step < step_ || !part.problem().has(verdict.step)) continue;
      const bool judged = verdict.compared() && part.judges(verdict.step);
      if (follows_from_theirs(mistakes, verdict.step, whole)) {
        know_their(run, verdict.step, part, right);
      } else if (judged && !agrees(run, verdict, part)) {
        return {extent, run.applied()};
      }
      run.release(verdict.step);
      copies.clear();  // what was read off them is in the run
      extent = Extent::step;
    }
    if (has_to_be_joined(mistakes, joined)) joined.put(part, run.get(Step::merged));
    extent = Extent::rest;
  } catch (const std::exception&) {
    // the mistakes do not fit what follows
  }
  return {extent, run.applied()};
}

Confirmation::Reached Confirmation::reached_joined(const JoinedHeads<double>& joined, const Mistakes& mistakes) const {
  const Part whole(problem_, std::nullopt);
  MistakenRun run(problem_, mistakes);
  Evaluator<double> right(problem_);
  know_theirs(run, whole, right);
  run.know(Step::merged, joined.merged());
  try {
    if (agrees(run, *verdict_on(verdicts_, Step::output), whole)) return {Extent::rest, run.applied()};
  } catch (const std::exception&) {
    // the mistakes do not fit the output
  }
  return {step_ == Step::output ? Extent::nothing : Extent::step, run.applied()};
}

// Whether the others changed anything in the part; empty when they make something else of it. Where neither acts, what
// follows from equal tensors is equal.
std::optional<bool> Confirmation::equal(const Part& part, const Mistakes& held, const Mistakes& others) const {
  MistakenRun first(part.problem(), held), second(part.problem(), others);
  Evaluator<double> right(part.problem());
  know_theirs(first, part, right);
  know_theirs(second, part, right);
  try {
    for (const StepVerdict& verdict : verdicts_) {
      const Step step = verdict.step;
      if (is_known(step) || !part.problem().has(step)) continue;
      if (!act_at(held, step) && !act_at(others, step)) {
        second.know(step, [&first, step]() { return first.get(step); });
      } else if (!agree(first.shown(step), second.shown(step), {0, 0, true})) {
        return std::nullopt;
      }
    }
  } catch (const std::exception&) {
    return std::nullopt;  // the mistakes do not fit
  }
  return second.applied();
}

// A wrong picture is of the right numbers: neither a mistake nor what it puts in their place makes their rounding larger.
bool Confirmation::agrees(MistakenRun& run, const StepVerdict& verdict, const Part& part) const {
  const bool picture = only_show(run.mistakes());
  const Tensor<double>& shown = run.shown(verdict.step);
  Tolerance tolerance = least_tolerance(picture ? run.get(verdict.step) : shown);
  tolerance.atol = (picture ? 1 : 4) * std::max(tolerance.atol, verdict.tolerance.atol);
  tolerance.equal_nan = true;
  StoredTensor room;
  const StoredTensor& theirs = part.cut(verdict.step, theirs_.at(verdict.step), room);
  const auto are_theirs = [&](const TensorView& handed_in) { return are_what(run.mistakes(), shown, handed_in, tolerance); };
  if (!may_be_ours_in_padding(verdict) && are_theirs(theirs.view())) return true;
  if (padding_ == Padding::counts || !has_padding(problem_, verdict.step)) return false;
  const auto counting = with_padding_of(part.problem(), verdict.step, theirs.in<double>(), &shown);
  return are_theirs(counting ? TensorView(*counting) : theirs.view());
}

}  // namespace attn
