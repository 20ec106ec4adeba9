#include "layer_report.hpp"

#include "../common/formats.hpp"
#include "cell_report.hpp"
#include "report.hpp"
#include "run_formula.hpp"
#include "step_list.hpp"
#include "verify_command.hpp"

#include <attn/layer_steps.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/verify/layer_problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace attn::tools {
namespace {

// The result of the layer is the result of its last block, under the name that every run ends with.
const TraceEntry& last_of_block(const Trace& trace) { return trace.entries[trace.entries.size() - 2]; }

bool is_output(const TraceEntry& entry) { return entry.step == Step::output && !block_of(entry); }

render::Section output_section(const LayerCommand& command, const Trace& whole, const TraceEntry& entry, int number) {
  const lessons::Lesson& lesson = lessons::lesson(command.output.language);
  const StepInfo& info = step_info(entry.step);
  const TraceEntry& last = last_of_block(whole);
  render::Section section;
  section.number = number;
  section.name = entry.name;
  section.symbol = info.symbol;
  section.formula = last.name;
  section.latex = "Y = " + std::string(step_info(last.step).symbol);
  section.instance = last.name + " " + to_string(last.tensor.shape()) + " → " + to_string(entry.tensor.shape());
  section.meaning = lessons::meaning(command.output.language, entry.step);
  section.panel = render::Panel{entry.tensor, split_axes(entry.axes), {}, {}, render::Shading::diverging, false};
  section.stand_in = lesson.note("word", "equal_to", {{"step", last.name}}).value_or(last.name);
  if (command.output.notes) section.notes = lesson.paragraphs(name_of(entry.step), "layer");
  return section;
}

std::string formula_in(const LayerCommand& command, const LayerViews& views, const Trace& whole, const TraceEntry& entry) {
  if (is_output(entry)) return last_of_block(whole).name;
  return run_formula(NoteContext(command, views.of(entry)), entry.step, lessons::Language::en).text;
}

render::Document document_of_layer(const LayerCommand& command, const LayerResult& result, const LayerViews& views, const Trace& shown) {
  const lessons::Lesson& lesson = lessons::lesson(command.output.language);
  render::Document document;
  document.title = lesson.note("title", command.subcommand).value_or(command.subcommand);
  const TraceEntry& first = *result.trace.find(Step::x);
  NoteContext whole(command, views.of(first));
  if (command.decoder) whole.values["Ln"] = std::to_string(result.blocks.at(Block::cross).sizes.new_len);
  if (command.output.notes) document.introduction = lesson.paragraphs("intro", command.decoder ? "decoder" : "encoder", whole.values);
  if (!command.output.blank.empty()) document.introduction.push_back(words_of_worksheet(command.output, shown));
  int number = 0;
  for (const TraceEntry& entry : shown.entries) {
    ++number;
    if (is_output(entry)) {
      document.sections.push_back(output_section(command, result.trace, entry, number));
    } else {
      const NoteContext context(command, views.of(entry));
      document.sections.push_back(section_of(context, shown, entry, number));
    }
  }
  if (command.output.notes) document.closing = lesson.paragraphs("closing", command.subcommand, whole.values);
  explain_zeros(document, command.output);
  return document;
}

void write_layer_cell(const LayerCommand& command, const LayerResult& result, const LayerViews& views) {
  FoundCell found = find_cell(result.trace, command.output.cell);
  if (is_output(*found.entry)) {
    if (found.index.size() == 2) found.index.insert(found.index.begin(), 0);  // an input without a batch axis
    found.entry = &last_of_block(result.trace);
  }
  const AttentionResult& view = views.of(*found.entry);
  write_cell(command, view.trace, view.facts, {found.entry->step, found.index});
}

render::JsonObject header_of(const LayerCommand& command, const LayerResult& result, const LayerViews& views) {
  const AttentionResult& self = views.of(*result.trace.find(Step::x));
  render::JsonObject header = json_header(command, self);
  header.emplace_back("kind", command.decoder ? "decoder" : "encoder");
  header.emplace_back("norm_placement", command.placement == NormPlacement::pre ? "pre" : "post");
  header.emplace_back("norm_type", command.norm.kind == NormKind::rms ? "rms" : "layer");
  header.emplace_back("eps", command.norm.eps);
  return header;
}

// Puts the tensors of a run with mistakes in the place of the right ones; they must outlive the trace.
void show_instead(LayerResult& result, const std::map<Step, Tensor<double>>& wrong) {
  for (TraceEntry& entry : result.trace.entries) {
    const std::optional<Block> block = block_of(entry);
    const bool norm_first = result.problem->layer->norm_first();
    const Step step = is_output(entry) ? layer_output() : block ? at_place({*block, part_of(entry.step, norm_first)}, entry.step) : entry.step;
    const auto found = wrong.find(step);
    if (found != wrong.end()) entry.tensor = TensorView(found->second);
  }
}

}  // namespace

int present_layer(const LayerCommand& command, LayerResult result) {
  if (command.inspect) {
    command.inspect(*result.problem);
    return exit_done;
  }
  check_worksheet(command);
  if (command.verifies_steps()) return verify_files(command, *result.problem);
  std::map<Step, Tensor<double>> wrong;
  if (!command.verify.mistakes.empty()) {
    wrong = run_wrong(command, *result.problem);
    show_instead(result, wrong);
  }
  const LayerViews views(result.trace, result.blocks, command.layout);
  if (!command.output.cell.empty()) {
    write_layer_cell(command, result, views);
  } else {
    const Trace shown = select_steps(result.trace, command.output.steps);
    check_blank(command.output, names_of(shown));
    write_report({shown, [&]() { return document_of_layer(command, result, views, shown); }, header_of(command, result, views),
                  [&](const TraceEntry& entry) { return formula_in(command, views, result.trace, entry); }},
                 command.output);
  }
  if (command.run.strict) require_finite(result.trace);
  return exit_done;
}

int list_layer_steps(const LayerCommand& command) {
  std::vector<ListedStep> listed;
  const auto add = [&](const std::string& path, Step step, bool optional = false) { listed.push_back({path, step, optional}); };
  RunPlan everything;
  everything.query_map = everything.key_map = everything.value_map = everything.cache = everything.softcap = everything.mask = everything.detail = true;
  everything.rotary = everything.inputs = true;
  RunPlan least = everything;
  least.cache = least.softcap = least.mask = least.detail = least.rotary = false;
  const std::vector<Step> always = planned_steps(least);
  const std::vector<Step> around = {Step::shortcut, Step::residual, Step::norm_mean, Step::norm_var, Step::norm_mean_square, Step::norm_hat, Step::norm};
  const auto add_around = [&](Block block, Step step) {
    add(path_of(block, step), step, step == Step::shortcut || step == Step::norm_mean_square || step == Step::norm_hat);
  };
  add(std::string(name_of(Step::x)), Step::x);
  if (command.decoder) add(std::string(name_of(Step::memory)), Step::memory);
  for (const Block block : {Block::self, Block::cross}) {
    if (block == Block::cross && !command.decoder) continue;
    if (block == Block::cross) everything.cache = everything.rotary = false;
    for (const Step step : planned_steps(everything)) {
      if (step != Step::x) add(path_of(block, step), step, std::find(always.begin(), always.end(), step) == always.end());
    }
    for (const Step step : around) {
      if (step != Step::shortcut) add_around(block, step);
    }
  }
  for (const Step step : {Step::ffn_gate, Step::ffn_up, Step::ffn_hidden, Step::ffn_output}) add(path_of(Block::ffn, step), step, step == Step::ffn_gate);
  for (const Step step : around) add_around(Block::ffn, step);
  add(std::string(name_of(Step::output)), Step::output);
  return write_step_list(listed, command.output);
}

}  // namespace attn::tools
