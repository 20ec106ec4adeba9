#include "report.hpp"

#include "checks.hpp"
#include "notes.hpp"
#include "run_formula.hpp"

#include <attn/lessons/lesson.hpp>

#include <cmath>
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

// "q (2, 1, 3, 4), k (2, 1, 5, 4) → (2, 1, 3, 5)"
std::string instance_of(const NoteContext& context, const TraceEntry& entry) {
  std::string text;
  for (const Step operand : step_info(entry.step).operands) {
    const TraceEntry* read = operand_in(context, entry.step, operand);
    if (!read) continue;
    if (!text.empty()) text += ", ";
    text += read->name + " " + to_string(read->tensor.shape());
  }
  return text.empty() ? "" : text + " → " + to_string(entry.tensor.shape());
}

bool has_nan(const TensorView& tensor) {
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    if (std::isnan(tensor[i])) return true;
  }
  return false;
}

// An earlier step that holds exactly the same numbers in the same order. NaN is no number: two rows of it
// are not the same.
const TraceEntry* same_numbers_before(const Trace& shown, const TraceEntry& entry, const OutputOptions& options) {
  for (const TraceEntry& earlier : shown.entries) {
    if (&earlier == &entry || is_blank(options, entry.name)) return nullptr;
    if (is_blank(options, earlier.name)) continue;
    if (earlier.tensor.size() == entry.tensor.size() && entry.tensor.size() > 0 &&
        std::memcmp(earlier.tensor.data(), entry.tensor.data(), entry.tensor.bytes()) == 0) {
      return has_nan(entry.tensor) ? nullptr : &earlier;
    }
  }
  return nullptr;
}

}  // namespace

render::Section section_of(const NoteContext& context, const Trace& shown, const TraceEntry& entry, int number) {
  const lessons::Language language = context.command.output.language;
  render::Section section;
  section.number = number;
  section.name = entry.name;
  const RunFormula formula = run_formula(context, entry.step, language);
  section.symbol = formula.symbol;
  section.formula = formula.text;
  section.latex = formula.latex;
  section.instance = instance_of(context, entry);
  // What the table says of a split or a map would be wrong where the run leaves it out.
  const bool about_more = entry.step == Step::q || entry.step == Step::k || entry.step == Step::v || entry.step == Step::output;
  if (formula.whole || !about_more) section.meaning = lessons::meaning(language, entry.step);
  section.panel = render::Panel{entry.tensor, split_axes(entry.axes), {}, {}, shading_of(entry.step),
                                is_blank(context.command.output, entry.name)};
  if (const TraceEntry* same = same_numbers_before(shown, entry, context.command.output)) {
    section.stand_in = lessons::lesson(language).note("word", "equal_to", {{"step", same->name}}).value_or(same->name);
  }
  // The notes speak of the right numbers.
  const bool right = context.command.verify.mistakes.empty();
  if (context.command.output.notes && right) section.notes = notes_of(entry.step, context);
  if (!section.panel->blank) section.checks = checks_of(entry, context);
  return section;
}

std::string words_of_worksheet(const OutputOptions& options, const Trace& shown) {
  std::string list;
  for (const TraceEntry& entry : shown.entries) {
    if (is_blank(options, entry.name)) list += (list.empty() ? "" : " ") + entry.name;
  }
  return lessons::lesson(options.language).note("intro", "worksheet", {{"list", list}}).value_or(list);
}

render::Document document_of(const AttentionCommand& command, const AttentionResult& result, const Trace& shown) {
  const NoteContext context(command, result);
  render::Document document;
  document.title = lessons::lesson(command.output.language).note("title", command.subcommand).value_or(command.subcommand);
  if (command.output.notes || !command.verify.mistakes.empty()) document.introduction = introduction(context);
  if (!command.output.blank.empty()) document.introduction.push_back(words_of_worksheet(command.output, shown));
  int number = 0;
  for (const TraceEntry& entry : shown.entries) document.sections.push_back(section_of(context, shown, entry, ++number));
  if (command.output.notes && command.verify.mistakes.empty()) document.closing = closing(context);
  return document;
}

}  // namespace attn::tools
