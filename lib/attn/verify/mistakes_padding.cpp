// M17: cells of padding hold whatever the other program put there; every other cell is ours.
#include <attn/shape.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/padding.hpp>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

// Whose rows a step has: "Lq", queries; "Ln", keys before those of a cache; empty: those of no sequence.
std::string rows_of(const StepInfo& info) {
  const std::vector<std::string> axes = split_axes(info.axes);
  const std::string rows = axes.size() < 3 ? "" : axes[axes.size() - 2];
  return rows == "Lq" || rows == "Ln" ? rows : "";
}

bool is_score_before_mask(Step step) { return step == S::scores_raw || step == S::scores_scaled || step == S::scores_capped; }

// The step as our operation gives it, which a layer knows by its place.
Tensor<double> own(Run& run, Step step) {
  const std::optional<LayerPlace> place = run.place();
  return run.whole().compute(place ? at_place(*place, step) : step);
}

// The valid lengths say of the keys which are padding; they are the queries' where these attend to themselves.
Result padding_differs(Run& run, Step step, const Tensor<double>* theirs) {
  const Problem<double>& whole = run.whole().problem();
  const Problem<double>& self = whole.layer ? whole.layer->blocks.at(Block::self) : whole;
  const MaskRules<double>& rules = self.options.attention.mask;
  const bool of_keys = rows_of(step_info(step)) == "Ln", appended = rules.exempt_keys > 0;
  const bool other_keys = run.place() && run.place()->block == Block::cross;
  if (!self.attends_to_itself() || rules.valid_lens.empty() || (of_keys && (appended || other_keys))) return std::nullopt;
  Tensor<double> result = own(run, step);
  const std::size_t first = self.sizes.past_len + (of_keys ? 0 : self.sizes.queries_before);
  bool any = fill_padded_rows(result, rules.valid_lens, first, theirs);
  if (is_score_before_mask(base_of(step)) && !appended && !other_keys) any = fill_padded_columns(result, rules.valid_lens, theirs) || any;
  if (!any) return std::nullopt;
  return result;
}

std::vector<Step> steps_with_rows() {
  std::vector<Step> steps;
  for (const StepInfo& info : step_table()) {
    const bool computed = info.step >= S::q_proj && info.step <= S::ffn_output && info.kind != StepKind::input;
    if (computed && info.step != S::mask && !rows_of(info).empty()) steps.push_back(info.step);
  }
  steps.push_back(layer_output());
  return steps;
}

}  // namespace

std::vector<Mistake> padding_mistakes() {
  Mistake row{"M17", "", steps_with_rows(), padding_differs, Effect::shows};
  row.convention = row.reads_cells = true;
  return {row};
}

}  // namespace attn
