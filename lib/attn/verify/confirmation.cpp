#include <attn/verify/confirmation.hpp>
#include <attn/verify/cut_down.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>

namespace attn {

namespace {

using Mistakes = std::vector<const Mistake*>;

// Every part of that kind of a small run; of queries the first, and all others.
std::vector<Slice> slices_like(const Slice& kind, const Problem<double>& small) {
  const std::size_t length = small.sizes.query_len, first = std::min<std::size_t>(length, 1);
  std::vector<Slice> slices;
  for (std::size_t sample = 0; sample < small.sizes.batch; ++sample) {
    for (std::size_t head = 0; head < (kind.kv_head ? small.sizes.kv_heads : 1); ++head) {
      Slice slice{sample, kind.kv_head ? std::optional(head) : std::nullopt};
      if (!kind.queries) slices.push_back(slice);
      for (const QueryRange& queries : {QueryRange{0, first}, QueryRange{first, length - first}}) {
        slice.queries = queries;
        if (kind.queries && queries.count > 0) slices.push_back(slice);
      }
    }
  }
  return slices;
}

// Whether the parts of a run with these mistakes are what the mistakes make of its parts, decided on a small run
// like it: a softmax over the samples, or over the heads, is something else in a part, which has one.
bool stay_within_parts(const Problem<double>& problem, const Slice& kind, const Mistakes& mistakes) {
  const Problem<double> small = cut_down(problem);
  try {
    MistakenRun whole(small, mistakes);
    for (const Slice& slice : slices_like(kind, small)) {
      const Part part(small, slice);
      MistakenRun alone(part.problem(), mistakes);
      for (const Step step : part.problem().steps) {
        StoredTensor room;
        const StoredTensor shown(whole.shown(step));
        // A product of fewer rows may be summed in another order.
        if (!agree(alone.shown(step), part.cut(step, shown, room).view(), {1e-10, 1e-12, true})) return false;
      }
    }
  } catch (const std::exception&) {
    return false;  // the mistakes do not fit the small run, or its parts
  }
  return true;
}

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

Confirmation::Confirmation(const Problem<double>& problem, const Submission& theirs, const std::vector<StepVerdict>& verdicts, Step first)
    : problem_(problem), theirs_(theirs.tensors), verdicts_(verdicts), first_(first), parts_(parts_of(problem)) {}

bool Confirmation::can_be_told_in_parts(const Mistakes& mistakes) const {
  return parts_.size() > 1 && stay_within_parts(problem_, *parts_.front(), mistakes);
}

bool Confirmation::holds_in_parts(const Mistakes& mistakes) const { return can_be_told_in_parts(mistakes) && holds_in(parts_, mistakes); }

bool Confirmation::holds_in_whole(const Mistakes& mistakes) const { return holds_in({std::nullopt}, mistakes); }

std::vector<const Mistake*> Confirmation::of_the_whole_alone() const {
  const std::vector<Mistake>& table = mistakes_in(problem_);
  std::vector<char> held(table.size(), 0);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const Mistakes one = {&table[i]};
    const std::vector<Step>& acts_on = table[i].acts_on;
    const bool reaches = std::any_of(acts_on.begin(), acts_on.end(), [this](Step step) { return step <= first_; });
    const bool contradicted = std::any_of(acts_on.begin(), acts_on.end(), [this](Step step) { return is_known(step); });
    held[i] = reaches && !contradicted && !table[i].convention && !can_be_told_in_parts(one) && holds_in_whole(one);
  }
  Mistakes definite, fitted;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (held[i]) (table[i].fitted ? fitted : definite).push_back(&table[i]);
  }
  return definite.empty() ? fitted : definite;
}

bool Confirmation::are_one(const Mistakes& held, const Mistakes& others) const {
  if (only_show(held) || only_show(others)) return false;
  if (!can_be_told_in_parts(held) || !can_be_told_in_parts(others)) return false;
  return in_every_part(problem_, parts_, [&](const Part& part) { return equal(part, held, others); });
}

bool Confirmation::holds_in(const std::vector<std::optional<Slice>>& parts, const Mistakes& mistakes) const {
  return in_every_part(problem_, parts, [&](const Part& part) { return explained(part, mistakes, parts.size() == 1); });
}

// Before the first step that differs theirs are known, where they were handed in.
bool Confirmation::is_known(Step step) const {
  const auto verdict = std::find_if(verdicts_.begin(), verdicts_.end(), [&](const StepVerdict& v) { return v.step == step; });
  return step < first_ && verdict != verdicts_.end() && verdict->compared();
}

void Confirmation::know_theirs(MistakenRun& run, const Part& part) const {
  for (const StepVerdict& verdict : verdicts_) {
    if (!is_known(verdict.step)) continue;
    run.know(verdict.step, [this, &part, step = verdict.step]() {
      StoredTensor cut;
      return part.cut(step, theirs_.at(step), cut).in<double>();
    });
  }
}

// Whether the mistakes changed anything in the part; empty when the part is not what they make of it. A number that
// is read off their tensors has to be the same in all parts: it is read in the `whole` alone.
std::optional<bool> Confirmation::explained(const Part& part, const Mistakes& mistakes, bool whole) const {
  std::map<Step, Tensor<double>> copies;
  MistakenRun run(part.problem(), mistakes, [&](Step step) -> const Tensor<double>* {
    const auto found = theirs_.find(step);
    if (!whole || found == theirs_.end()) return nullptr;
    const auto copy = copies.find(step);
    return copy != copies.end() ? &copy->second : &found->second.widened(copies[step]);
  });
  know_theirs(run, part);
  try {
    for (const StepVerdict& verdict : verdicts_) {
      if (verdict.step < first_) continue;
      const bool judged = verdict.compared() && part.judges(verdict.step);
      if (judged && !agrees(run.shown(verdict.step), verdict, part)) return std::nullopt;
      run.release(verdict.step);
    }
  } catch (const std::exception&) {
    return std::nullopt;  // the mistakes do not fit
  }
  return run.applied();
}

// Whether the others changed anything in the part; empty when they make something else of it. Where neither acts, what
// follows from equal tensors is equal.
std::optional<bool> Confirmation::equal(const Part& part, const Mistakes& held, const Mistakes& others) const {
  MistakenRun first(part.problem(), held), second(part.problem(), others);
  know_theirs(first, part);
  know_theirs(second, part);
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

bool Confirmation::agrees(const Tensor<double>& shown, const StepVerdict& verdict, const Part& part) const {
  Tolerance tolerance = least_tolerance(shown);
  tolerance.atol = 4 * std::max(tolerance.atol, verdict.tolerance.atol);
  tolerance.equal_nan = true;
  StoredTensor room;
  return agree(shown, part.cut(verdict.step, theirs_.at(verdict.step), room).view(), tolerance);
}

}  // namespace attn
