#include "run_formula.hpp"

#include <attn/formula.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/latex_text.hpp>

namespace attn::tools {
namespace {

using S = Step;

// What a run may read instead of the operand that the table names; the first that it has.
constexpr std::pair<Step, Step> replacements[] = {
    {S::q, S::q_rot},
    {S::k, S::present_key},
    {S::k, S::k_rot},
    {S::v, S::present_value},
    {S::scores_scaled, S::scores_capped},
    {S::weights, S::weights_dropped},
    {S::merged, S::merged},
    {S::merged, S::heads},
    {S::x, S::shortcut},
    {S::output, S::ffn_output},
    {S::memory, S::memory},
    {S::memory, S::x},
};

// The table speaks of a whole module; a run may leave parts of it out. The variant of "run_formula" that
// says so, or nullptr.
const char* left_out(const NoteContext& c, Step step) {
  const bool projected = c.has(S::q_proj) || c.has(S::k_proj) || c.has(S::v_proj);
  if ((step == S::q || step == S::k || step == S::v) && !projected) return "given";
  if (step == S::k && c.appended_keys > 0) return "appended_keys";
  if (step == S::v && c.appended_keys > 0) return "appended_values";
  if (step == S::output && !c.has(S::w_o) && !c.has(S::b_o)) {
    const bool merges = c.sizes.heads > 1 && c.result.trace.find(S::output)->tensor.rank() == 3;
    return merges ? "side_by_side" : "unmapped";
  }
  if (step == S::norm && c.has(S::norm_mean_square)) return "rms";
  if (step == S::norm_hat && c.has(S::norm_mean_square)) return "rms_hat";
  if (step == S::mask && !c.only_forbids) return "given_numbers";
  if (step == S::scores_masked && !c.has(S::mask)) return "unmasked";
  if (step == S::scores_masked && c.scores.mask_fill) return "filled";
  return nullptr;
}

bool normalises_input(const NoteContext& c) { return c.result.facts.layer && c.result.facts.layer->norm_first; }

void replace(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

struct LinearMap {
  Step result, weight, bias;
};

constexpr LinearMap linear_maps[] = {
    {S::q_proj, S::w_q, S::b_q},   {S::k_proj, S::w_k, S::b_k},           {S::v_proj, S::w_v, S::b_v},
    {S::output, S::w_o, S::b_o},   {S::shortcut, S::w_s, S::b_s},         {S::ffn_gate, S::w_gate, S::b_gate},
    {S::ffn_up, S::w_1, S::b_1},   {S::ffn_output, S::w_2, S::b_2}};

// Takes the weight or the bias that the run does not have out of the formula of a linear map.
void drop_absent(const NoteContext& c, Step step, std::string& formula) {
  const auto spelled = [](Step parameter) { return "<" + std::string(name_of(parameter)) + ">"; };
  for (const LinearMap& map : linear_maps) {
    if (map.result != step) continue;
    if (!c.has(map.bias)) replace(formula, " + " + spelled(map.bias), "");
    if (!c.has(map.weight)) {
      replace(formula, "·" + spelled(map.weight), "");
      replace(formula, " " + spelled(map.weight), "");
    }
  }
}

// The activation of a layer has a name, and its gate, if it has one, multiplies.
void name_activation(const NoteContext& c, std::string& text, std::string& latex) {
  if (!c.result.facts.layer) return;
  const std::string name = activation_name(c.result.facts.layer->activation);
  const bool gated = c.has(S::ffn_gate);
  text = name + (gated ? "(<ffn_gate>) ⊙ <ffn_up>" : "(<ffn_up>)");
  latex = "\\mathrm{" + render::latex_text(name) + (gated ? "}(<ffn_gate>) \\odot <ffn_up>" : "}(<ffn_up>)");
}

std::string symbol_in(const NoteContext& c, Step step, Step operand) {
  if (operand == S::residual && normalises_input(c)) return std::string(step_info(S::x).symbol);
  const TraceEntry* read = operand_in(c, step, operand);
  return std::string(step_info(read ? read->step : operand).symbol);
}

}  // namespace

std::string latex_of_words(const std::string& formula, const std::function<std::string(Step)>& symbol_of) {
  const auto symbol = [&symbol_of](Step operand) { return "$" + render::latex_symbol(symbol_of(operand)) + "$"; };
  const auto words = [](std::string_view text) { return render::latex_text(text); };
  return "\\text{" + with_symbols(formula, symbol, words) + "}";
}

std::string activation_name(Activation activation) {
  static const char* const names[] = {"ReLU", "GELU", "GELU_tanh", "SiLU"};
  return names[static_cast<std::size_t>(activation)];
}

const TraceEntry* operand_in(const NoteContext& c, Step step, Step operand) {
  const Trace& trace = c.result.trace;
  if (step == S::v_proj && operand == S::memory && c.has(S::memory_value)) return trace.find(S::memory_value);
  for (const auto& [usual, instead] : replacements) {
    // A cache holds what came before it: present_key itself reads the new keys, not itself.
    if (usual == operand && instead < step && trace.find(instead)) return trace.find(instead);
  }
  return trace.find(operand);
}

RunFormula run_formula(const NoteContext& c, Step step, lessons::Language language) {
  const StepInfo& info = step_info(step);
  const char* variant = left_out(c, step);
  std::string text = variant ? lessons::lesson(language).note("run_formula", variant, c.values).value_or("")
                             : lessons::formula(language, step);
  std::string latex(variant ? "" : info.latex);
  if (step == S::ffn_hidden) name_activation(c, text, latex);
  drop_absent(c, step, text);
  drop_absent(c, step, latex);

  RunFormula formula;
  formula.whole = !variant;
  formula.symbol = info.symbol;
  if (step == S::norm_hat && normalises_input(c)) formula.symbol = "X̂";
  const auto symbol_of = [&](Step operand) { return symbol_in(c, step, operand); };
  formula.text = with_symbols(text, symbol_of);
  if (formula.text.empty()) {
    formula.latex = render::latex_symbol(formula.symbol);
  } else if (latex.empty()) {
    formula.latex = latex_of_words(text, symbol_of);
  } else {
    formula.latex = with_symbols(latex, [&](Step operand) { return render::latex_symbol(symbol_of(operand)); });
  }
  return formula;
}

}  // namespace attn::tools
