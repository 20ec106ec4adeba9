#include <attn/verify/from_equals.hpp>

#include <algorithm>

namespace attn {
namespace {

bool is_ours(const StepVerdict& verdict) { return verdict.difference.status == Status::match; }

bool is_ours_but_for_padding(const StepVerdict& verdict) { return is_ours(verdict) || verdict.in_padding_alone; }

// Whether all that a step is computed from, as far as it was handed in and fits, is ours.
bool reads_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, Step step, bool (*is_equal)(const StepVerdict&)) {
  if (problem.layer) return !differs_before(verdicts, step);
  const auto can_stand = [](const StepVerdict& read) { return read.compared() && read.difference.status != Status::shape; };
  const auto is_known = [&](Step upstream) {
    const StepVerdict* const read = verdict_on(verdicts, upstream);
    return read && can_stand(*read);
  };
  return std::none_of(verdicts.begin(), verdicts.end(), [&](const StepVerdict& before) {
    return can_stand(before) && !is_equal(before) && is_computed_from(problem, step, before.step, is_known);
  });
}

}  // namespace

bool differs_before(const std::vector<StepVerdict>& verdicts, Step step) {
  return std::any_of(verdicts.begin(), verdicts.end(), [step](const StepVerdict& before) {
    return before.step < step && before.differs();
  });
}

bool follows_from_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict, Padding padding) {
  const auto is_equal = padding == Padding::counts ? is_ours : is_ours_but_for_padding;
  return is_equal(verdict) && reads_equals(problem, verdicts, verdict.step, is_equal);
}

bool departs_from_equals(const Problem<double>& problem, const std::vector<StepVerdict>& verdicts, const StepVerdict& verdict) {
  constexpr double far = 1000;  // beyond what the rounding of operands becomes, unless scores are very large
  const Difference& found = verdict.difference;
  const bool is_map = base_of(verdict.step) <= Step::v;  // which makes the rounding of operands no larger
  const bool is_another = is_map || found.cosine < 0.9;
  const bool differs = found.status == Status::mismatch && is_another && found.passing_atol > far * verdict.tolerance.atol;
  return differs && reads_equals(problem, verdicts, verdict.step, is_ours);
}

}  // namespace attn
