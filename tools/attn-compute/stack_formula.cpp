#include "stack_formula.hpp"

#include "run_formula.hpp"

#include <attn/formula.hpp>
#include <attn/render/latex_text.hpp>

#include <utility>

namespace attn::tools {
namespace {

using S = Step;

// What LLaMA's maps leave out where the table has a bias.
constexpr std::pair<Step, const char*> biases[] = {{S::q_proj, "<b_q>"},   {S::k_proj, "<b_k>"},  {S::v_proj, "<b_v>"},
                                                   {S::output, "<b_o>"},   {S::ffn_up, "<b_1>"},  {S::ffn_gate, "<b_gate>"},
                                                   {S::ffn_output, "<b_2>"}, {S::logits, "<b_out>"}};

void drop(std::string& text, const std::string& what) {
  const std::size_t at = text.find(what);
  if (at != std::string::npos) text.erase(at, what.size());
}

bool is_rotary(const ModelConfig& config) {
  return config.positions == Positions::rope_half || config.positions == Positions::rope_interleaved;
}

// Whether a path belongs to a block of a layer: "decoder.1.cross.weights" to the cross-attention.
bool in_block(const std::string& path, Block block) { return path.find("." + std::string(name_of(block)) + ".") != std::string::npos; }

Step operand_of(const ModelConfig& config, const TraceEntry& entry, Step operand) {
  const bool self = in_block(entry.name, Block::self);
  if (self && is_rotary(config) && entry.step == S::scores_raw && operand == S::q) return S::q_rot;
  if (self && is_rotary(config) && entry.step == S::scores_raw && operand == S::k) return S::k_rot;
  if (operand == S::memory && self) return S::x;
  if (entry.step == S::residual && operand == S::output && in_block(entry.name, Block::ffn)) return S::ffn_output;
  const bool in_layer = self || in_block(entry.name, Block::cross) || in_block(entry.name, Block::ffn);
  const bool normalises_input = !in_layer || config.norm.place == NormPlacement::pre;
  return operand == S::residual && normalises_input ? S::x : operand;
}

}  // namespace

StackFormula stack_formula(const TransformerRun& run, const TraceEntry& entry, lessons::Language language) {
  const ModelConfig& config = run.config;
  std::string text = lessons::formula(language, entry.step), latex(step_info(entry.step).latex);
  const bool rms = config.norm.kind == NormKind::rms;
  if (rms && (entry.step == S::norm || entry.step == S::norm_hat)) {
    text = lessons::lesson(language).note("run_formula", entry.step == S::norm ? "rms" : "rms_hat").value_or(text);
    latex.clear();
  }
  if (entry.step == S::ffn_hidden) {
    const std::string name = activation_name(config.activation), operands = config.gated ? "(<ffn_gate>) ⊙ <ffn_up>" : "(<ffn_up>)";
    text = name + operands;
    latex = "\\mathrm{" + render::latex_text(name) + (config.gated ? "}(<ffn_gate>) \\odot <ffn_up>" : "}(<ffn_up>)");
  }
  for (const auto& [step, bias] : biases) {
    // The map to the logits is often without a bias where the layers have theirs.
    if (step != entry.step || (step == S::logits ? run.output_bias : config.bias)) continue;
    drop(text, " + " + std::string(bias));
    drop(latex, " + " + std::string(bias));
  }
  const auto symbol = [&](Step operand) { return std::string(step_info(operand_of(config, entry, operand)).symbol); };
  StackFormula formula{with_symbols(text, symbol), {}};
  formula.latex = latex.empty() ? latex_of_words(text, symbol)
                                : with_symbols(latex, [&](Step operand) { return render::latex_symbol(symbol(operand)); });
  return formula;
}

}  // namespace attn::tools
