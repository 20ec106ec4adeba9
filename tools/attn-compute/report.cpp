#include "report.hpp"

#include "checks.hpp"
#include "notes.hpp"

#include <attn/lessons/lesson.hpp>

#include <cstring>

namespace attn::tools {
namespace {

render::Shading shading_of(Step step) {
  switch (step) {
    case Step::weights:
    case Step::weights_dropped:
    case Step::weights_averaged:
    case Step::exp: return render::Shading::unit;
    case Step::mask: return render::Shading::none;
    default: return render::Shading::diverging;
  }
}

// The operand that this run really read: present keys instead of new ones, the input when there is no
// memory, the scores without a cap or with one.
const TraceEntry* operand_in(const Trace& trace, Step operand) {
  static const std::pair<Step, Step> replacements[] = {{Step::k, Step::present_key},
                                                       {Step::v, Step::present_value},
                                                       {Step::q, Step::q_rot},
                                                       {Step::k, Step::k_rot},
                                                       {Step::scores_scaled, Step::scores_capped},
                                                       {Step::weights, Step::weights_dropped}};
  for (const auto& [usual, instead] : replacements) {
    if (usual == operand && trace.find(instead)) return trace.find(instead);
  }
  if (operand == Step::memory && !trace.find(operand)) return trace.find(Step::x);
  return trace.find(operand);
}

// "q (2, 1, 3, 4), k (2, 1, 5, 4) → (2, 1, 3, 5)"
std::string instance_of(const Trace& trace, const TraceEntry& entry) {
  std::string text;
  for (const Step operand : step_info(entry.step).operands) {
    if (entry.step == Step::residual && operand == Step::x && trace.find(Step::shortcut)) {
      text += trace.find(Step::shortcut)->name + " " + to_string(trace.find(Step::shortcut)->tensor.shape());
      continue;
    }
    const bool own_values = entry.step == Step::v_proj && operand == Step::memory && trace.find(Step::memory_value);
    const TraceEntry* read = operand_in(trace, own_values ? Step::memory_value : operand);
    if (!read || read->step >= entry.step) read = trace.find(operand);
    if (!read) continue;
    if (!text.empty()) text += ", ";
    text += read->name + " " + to_string(read->tensor.shape());
  }
  return text.empty() ? "" : text + " → " + to_string(entry.tensor.shape());
}

// An earlier step that holds exactly the same numbers in the same order.
const TraceEntry* same_numbers_before(const Trace& shown, const TraceEntry& entry) {
  for (const TraceEntry& earlier : shown.entries) {
    if (&earlier == &entry) return nullptr;
    if (earlier.tensor.size() == entry.tensor.size() && entry.tensor.size() > 0 &&
        std::memcmp(earlier.tensor.data(), entry.tensor.data(), entry.tensor.bytes()) == 0) {
      return &earlier;
    }
  }
  return nullptr;
}

// The table speaks of a whole module; a run may leave parts of it out. The variant of "run_formula" that
// says so, or nullptr.
const char* left_out(const NoteContext& context, Step step) {
  const bool projected = context.has(Step::q_proj) || context.has(Step::k_proj) || context.has(Step::v_proj);
  if ((step == Step::q || step == Step::k || step == Step::v) && !projected) return "given";
  if (step == Step::output && !context.has(Step::w_o) && !context.has(Step::b_o)) {
    const bool merges = context.sizes.heads > 1 && context.result.trace.find(Step::output)->tensor.rank() == 3;
    return merges ? "merged" : "unmapped";
  }
  if (step == Step::norm && context.has(Step::norm_mean_square)) return "rms";
  if (step == Step::norm_hat && context.has(Step::norm_mean_square)) return "rms_hat";
  if (step == Step::scores_masked && !context.has(Step::mask)) return "unmasked";
  if (step == Step::scores_masked && context.command.scores.mask_fill) return "filled";
  return nullptr;
}

struct LinearMap {
  Step result, source, weight, bias;
};

constexpr LinearMap linear_maps[] = {{Step::q_proj, Step::x, Step::w_q, Step::b_q},
                                     {Step::k_proj, Step::memory, Step::w_k, Step::b_k},
                                     {Step::v_proj, Step::memory, Step::w_v, Step::b_v},
                                     {Step::output, Step::merged, Step::w_o, Step::b_o}};

// A linear map's formula with the source that this run reads, and without a bias that it does not have.
void fit_to_run(const NoteContext& context, Step step, render::Section& section) {
  for (const LinearMap& map : linear_maps) {
    if (map.result != step || !context.has(map.weight)) continue;
    const bool own_values = step == Step::v_proj && context.has(Step::memory_value);
    const Step wanted = own_values ? Step::memory_value : map.source;
    const std::string source(step_info(context.has(wanted) ? wanted : Step::x).symbol);
    const std::string weight(step_info(map.weight).symbol), bias(step_info(map.bias).symbol);
    const bool output = step == Step::output;
    const std::string from = output ? "Z" : source;
    if (!output) section.symbol = from + weight;
    section.formula = from + "·" + weight + (context.has(map.bias) ? " + " + bias : "");
    section.latex = (output ? "Y = " : "") + from + " " + weight + (context.has(map.bias) ? " + " + bias : "");
  }
}

// What layers say in their own way: pre-norm normalises the input X, not a sum R; the activation has a name.
void fit_to_layer(const NoteContext& context, Step step, render::Section& section) {
  if (!context.result.facts.layer) return;
  const LayerFacts& layer = *context.result.facts.layer;
  const auto replace = [](std::string& text, const std::string& what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) text.replace(at, what.size(), with);
  };
  if (step >= Step::norm_mean && step <= Step::norm && layer.norm_first) {
    for (std::string* text : {&section.symbol, &section.formula, &section.latex}) replace(*text, "R", "X");
  }
  if (step == Step::ffn_hidden) {
    static const char* const names[] = {"ReLU", "GELU", "GELU_tanh", "SiLU"};
    const char* name = names[static_cast<std::size_t>(layer.activation)];
    const bool gated = context.has(Step::ffn_gate);
    section.formula = std::string(name) + (gated ? "(G) ⊙ U" : "(U)");
    section.latex = "F = \\mathrm{" + std::string(name) + (gated ? "}(G) \\odot U" : "}(U)");
    replace(section.latex, "_", "\\_");
  }
}

}  // namespace

render::Section section_of(const NoteContext& context, const Trace& shown, const TraceEntry& entry, int number) {
  const lessons::Language language = context.command.output.language;
  const StepInfo& info = step_info(entry.step);
  render::Section section;
  section.number = number;
  section.name = entry.name;
  section.symbol = info.symbol;
  const char* variant = left_out(context, entry.step);
  section.formula = variant ? lessons::lesson(language).note("run_formula", variant, context.values).value_or("")
                            : lessons::formula(language, entry.step);
  section.latex = info.latex;
  fit_to_run(context, entry.step, section);
  fit_to_layer(context, entry.step, section);
  section.instance = instance_of(context.result.trace, entry);
  if (!variant || entry.step == Step::scores_masked || entry.step == Step::norm || entry.step == Step::norm_hat) section.meaning = lessons::meaning(language, entry.step);
  section.panel = render::Panel{entry.tensor, split_axes(entry.axes), {}, {}, shading_of(entry.step), false};
  if (const TraceEntry* same = same_numbers_before(shown, entry)) {
    section.stand_in = lessons::lesson(language).note("word", "equal_to", {{"step", same->name}}).value_or(same->name);
  }
  if (context.command.output.notes) section.notes = notes_of(entry.step, context);
  section.checks = checks_of(entry, context);
  return section;
}

render::Document document_of(const AttentionCommand& command, const AttentionResult& result, const Trace& shown) {
  const NoteContext context(command, result);
  render::Document document;
  document.title = lessons::lesson(command.output.language).note("title", command.subcommand).value_or(command.subcommand);
  if (command.output.notes) document.introduction = introduction(context);
  int number = 0;
  for (const TraceEntry& entry : shown.entries) document.sections.push_back(section_of(context, shown, entry, ++number));
  if (command.output.notes) document.closing = closing(context);
  return document;
}

}  // namespace attn::tools
