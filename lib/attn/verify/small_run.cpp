#include <attn/verify/cut_down.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/small_run.hpp>
#include <attn/verify/verification.hpp>

#include <algorithm>
#include <exception>

namespace attn {

SmallRun::SmallRun(const Problem<double>& whole) : whole_(whole), small_(cut_down(whole)), right_(run_problem(small_)) {
  const std::vector<std::optional<Slice>> parts = parts_of(whole);
  if (parts.size() > 1) parts_.emplace(small_, right_, *parts.front());
}

bool SmallRun::can_be_told_in_parts(const std::vector<const Mistake*>& mistakes) const {
  const std::lock_guard<std::mutex> lock(asking_);
  const auto [told, fresh] = told_in_parts_.try_emplace(mistakes);
  if (!fresh || !parts_) return told->second;
  MistakenRun run(small_, mistakes);
  return told->second = parts_->stays_within(run, [](Step) { return false; }).value_or(false);
}

bool SmallRun::read_theirs(const std::vector<const Mistake*>& mistakes) const {
  MistakenRun blind(small_, mistakes), seeing(small_, mistakes, &right_);
  const auto act_at = [&](Step step) {
    return std::any_of(mistakes.begin(), mistakes.end(), [step](const Mistake* mistake) { return acts_at(*mistake, step); });
  };
  try {
    for (const Step step : small_.steps) {
      if (act_at(step) && !agree(blind.shown(step), seeing.shown(step), {0, 0, true})) return true;
    }
  } catch (const std::exception&) {
    return true;  // the mistakes do not fit the small run
  }
  return blind.applied() != seeing.applied();
}

bool SmallRun::read_padding(const std::vector<const Mistake*>& mistakes) const {
  const std::lock_guard<std::mutex> lock(asking_);
  const auto [answer, fresh] = reading_padding_.try_emplace(mistakes, true);  // unless the small run shows that it is not
  if (!fresh || read_theirs(mistakes)) return answer->second;
  const auto without_padding = [this](Step step, const Tensor<double>& tensor) {
    return with_padding_of(small_, step, tensor, nullptr).value_or(tensor);
  };
  const Step first = first_effect(mistakes);
  MistakenRun ours(small_, mistakes), emptied(small_, mistakes);
  ours.know_before_mistakes(right_);
  for (const auto& [step, tensor] : right_) {
    if (step < first) emptied.know(step, [&, step = step, &tensor = tensor] { return without_padding(step, tensor); });
  }
  try {
    answer->second = std::any_of(small_.steps.begin(), small_.steps.end(), [&](Step step) {
      return step >= first && !agree(without_padding(step, ours.shown(step)), without_padding(step, emptied.shown(step)), {1e-12, 1e-12, true});
    });
  } catch (const std::exception&) {
    // the mistakes do not fit the small run, which says nothing of the whole
  }
  return answer->second;
}

}  // namespace attn
