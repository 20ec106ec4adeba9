// M17: cells of padding hold whatever the other program put there; every other cell is ours.
#include <attn/shape.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/padding.hpp>

namespace attn {
namespace {

std::optional<Tensor<double>> padding_differs(Evaluator<double>& run, Step step, const Tensor<double>* theirs) {
  const std::optional<LayerPlace> place = run.place();
  const Step whole_step = place ? at_place(*place, step) : step;  // a layer knows it by its place
  return with_padding_of(run.whole().problem(), whole_step, run.whole().compute(whole_step), theirs);
}

// All that attention and a layer compute, which with_padding_of() has rows in or not.
std::vector<Step> computed_steps() {
  std::vector<Step> steps;
  for (const StepInfo& info : step_table()) {
    if (info.step >= Step::q_proj && info.step <= Step::ffn_output && info.kind != StepKind::input) steps.push_back(info.step);
  }
  steps.push_back(layer_output());
  return steps;
}

}  // namespace

std::vector<Mistake> padding_mistakes() {
  Mistake row{"M17", "", computed_steps(), padding_differs, Effect::shows};
  row.convention = row.reads_cells = true;
  return {row};
}

}  // namespace attn
