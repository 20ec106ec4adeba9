#include <attn/verify/hypothesis.hpp>
#include <attn/verify/padding.hpp>
#include <attn/verify/rounding.hpp>

#include <algorithm>
#include <exception>

namespace attn {
namespace {

// Whether their tensor of the step is what a run with these mistakes computes with.
bool stands_in(const Divergence& d, const std::vector<const Mistake*>& mistakes, Step step) {
  return step < d.step && is_known(d, step) && !(was_given(d.verdicts, d.problem, step) && change(mistakes, step));
}

void know_theirs(MistakenRun& run, const Divergence& d) {
  for (const auto& [step, tensor] : d.theirs) {
    if (stands_in(d, run.mistakes(), step)) run.know(step, tensor);
  }
}

}  // namespace

const Problem<double>& MovedProblem::get() {
  std::call_once(made_, [this] { moved_ = moved_by_rounding(problem_); });
  return *moved_;
}

Hypothesis::Hypothesis(const Divergence& d, const std::vector<const Mistake*>& mistakes, Step difference, MovedProblem& moved)
    : divergence_(d), run_(d.problem, mistakes, &d.theirs), moved_(moved) {
  // A layer has the steps of attention several times over: there a mistake may act from the beginning on.
  const Step first = d.problem.layer ? Step{} : first_effect(mistakes);
  for (const auto& [step, tensor] : d.ours) {
    if (step < std::min(first, difference) && !is_known(d, step)) run_.know(step, tensor);
  }
  know_theirs(run_, d);
}

const Tensor<double>* Hypothesis::shown(Step step) {
  try {
    const Tensor<double>& tensor = run_.shown(step);
    return run_.applied() ? &tensor : nullptr;
  } catch (const std::exception&) {
    return nullptr;  // the mistakes give shapes that cannot go on
  }
}

std::optional<double> Hypothesis::residual(Step step, Tolerance tolerance) {
  const Tensor<double>* const made = shown(step);
  if (!made) return std::nullopt;
  std::optional<Tensor<double>> room;
  const Tensor<double>& tensor = counting(divergence_, step, *made, room);
  tolerance.equal_nan = true;
  const Tensor<double>& theirs = divergence_.theirs.at(step);
  if (!are_what(run_.mistakes(), tensor, theirs, tolerance) && !agrees_in_float32(step, tensor, theirs)) return std::nullopt;
  return compare(tensor, theirs, tolerance).max_abs;
}

bool Hypothesis::gives_the_rest() {
  for (const auto& [step, tensor] : divergence_.theirs) {
    if (step <= divergence_.step || !divergence_.problem.has(step)) continue;
    Tolerance wider = divergence_.tolerances.at(step);
    wider.atol *= 4;
    if (!residual(step, wider)) return false;
  }
  return true;
}

// A mistake may make numbers larger, and their rounding with them, than in the right run that the tolerance was measured
// on. How far rounding goes here shows when the inputs are moved by as much as float32 would: not in cells of padding,
// which may be as large as they please, but in those that count.
bool Hypothesis::agrees_in_float32(Step step, const Tensor<double>& shown, const Tensor<double>& handed_in) {
  const auto without_padding = [&](const Tensor<double>& tensor) {
    return with_padding_of(divergence_.problem, step, tensor, &divergence_.ours.at(step)).value_or(tensor);
  };
  const Tensor<double> tensor = without_padding(shown), theirs = without_padding(handed_in);
  const Difference difference = compare(tensor, theirs, {0, 0, true});
  if (difference.status == Status::shape || difference.nonfinite > 0 || difference.cosine < 1 - 1e-7) return false;
  MistakenRun run(moved_.get(), run_.mistakes(), &divergence_.theirs);
  know_theirs(run, divergence_);
  Tolerance tolerance = least_tolerance(tensor);
  tolerance.atol += 4 * compare(tensor, without_padding(run.shown(step)), {0, 0, true}).max_abs;
  tolerance.equal_nan = true;
  return agree(shown, handed_in, tolerance);
}

}  // namespace attn
