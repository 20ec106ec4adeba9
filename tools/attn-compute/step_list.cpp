#include "step_list.hpp"

#include "../common/formats.hpp"
#include "../common/page_report.hpp"
#include "../common/page_width.hpp"
#include "../common/run_tool.hpp"
#include "../common/suggest.hpp"

#include <attn/error.hpp>
#include <attn/formula.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/display_width.hpp>

#include <algorithm>
#include <string_view>

namespace attn::tools {
namespace {

struct OtherSystem {
  const char* name;
  const char* key;
  std::string_view ForeignNames::*step;
};

constexpr OtherSystem other_systems[] = {{"PyTorch", "pytorch", &ForeignNames::pytorch},
                                         {"d2l", "d2l", &ForeignNames::d2l},
                                         {"TransformerLens", "transformer_lens", &ForeignNames::transformer_lens},
                                         {"ONNX", "onnx", &ForeignNames::onnx},
                                         {"llm.c", "llm_c", &ForeignNames::llm_c}};

std::vector<ListedStep> selected(const std::vector<ListedStep>& steps, const std::vector<std::string>& globs) {
  if (globs.empty()) return steps;
  std::vector<bool> wanted(steps.size(), false);
  for (const std::string& glob : globs) {
    bool any = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!matches_step(glob, steps[i].path) && glob != name_of(steps[i].step)) continue;
      wanted[i] = any = true;
    }
    if (any) continue;
    std::vector<std::string> known;
    for (const ListedStep& step : steps) known.push_back(step.path);
    throw UsageError("--steps", "no step '" + glob + "'" + did_you_mean(glob, known) + " (--list-steps alone lists all)");
  }
  std::vector<ListedStep> chosen;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (wanted[i]) chosen.push_back(steps[i]);
  }
  return chosen;
}

void append_wrapped(std::string& text, const std::string& words, std::size_t width) {
  const std::string indent(6, ' ');
  for (const std::string& line : render::wrap(words, width - indent.size())) text += indent + line + "\n";
}

std::string heading_of(const ListedStep& listed, lessons::Language language) {
  const StepInfo& info = step_info(listed.step);
  const std::string symbol(info.symbol), formula = with_symbols(lessons::formula(language, listed.step));
  // A formula in words may hold an equals sign of its own.
  const char* between = formula.find('=') == std::string::npos ? " = " : ": ";
  return listed.path + "   " + symbol + (formula.empty() ? "" : between + formula) + "   (" + std::string(info.axes) + ")";
}

std::string names_elsewhere(const StepInfo& info) {
  std::string text;
  for (const OtherSystem& system : other_systems) {
    const std::string_view name = info.foreign.*system.step;
    if (!name.empty()) text += (text.empty() ? "" : "; ") + std::string(system.name) + ": " + std::string(name);
  }
  return text;
}

std::string text_of(const std::vector<ListedStep>& steps, lessons::Language language, std::size_t width) {
  const lessons::Lesson& lesson = lessons::lesson(language);
  std::string text;
  bool parameters = false;
  for (const ListedStep& listed : steps) {
    const StepInfo& info = step_info(listed.step);
    if (info.kind == StepKind::parameter && !parameters) {
      text += "\n";
      for (const std::string& line : render::wrap(lesson.note("word", "parameters").value_or(""), width)) text += line + "\n";
      text += "\n";
      parameters = true;
    }
    text += heading_of(listed, language) + "\n";
    append_wrapped(text, lessons::meaning(language, listed.step), width);
    const auto needs = listed.optional ? lesson.note("needs", name_of(listed.step)) : std::nullopt;
    if (needs) append_wrapped(text, lesson.note("word", "needs", {{"list", *needs}}).value_or(*needs), width);
    const std::string elsewhere = names_elsewhere(info);
    if (!elsewhere.empty()) append_wrapped(text, elsewhere, width);
  }
  return text;
}

// What programs read of kinds does not depend on the language.
enum class Readers { people, programs };

render::Table table_of(const std::vector<ListedStep>& steps, lessons::Language language, Readers readers) {
  static const char* const kinds[] = {"parameter", "input", "step", "detail"};
  const auto word = [language](const std::string& key) { return lessons::lesson(language).note("page", key).value_or(key); };
  render::Table table;
  table.columns = step_columns(language, {"step", "kind", "formula", "axes", "meaning"});
  for (const OtherSystem& system : other_systems) table.columns.push_back({system.key});
  for (const ListedStep& listed : steps) {
    const StepInfo& info = step_info(listed.step);
    const std::string kind = kinds[static_cast<std::size_t>(info.kind)];
    std::vector<render::Cell> row = {listed.path, readers == Readers::people ? word("kind_" + kind) : kind, with_symbols(lessons::formula(language, listed.step)),
                                     std::string(info.axes), lessons::meaning(language, listed.step)};
    for (const OtherSystem& system : other_systems) row.emplace_back(std::string(info.foreign.*system.step));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

std::vector<render::Column> step_columns(lessons::Language language, const std::vector<std::string>& keys) {
  std::vector<render::Column> columns;
  for (const std::string& key : keys) {
    columns.push_back({lessons::lesson(language).note("page", "column_" + key).value_or(key), render::Alignment::left, key});
  }
  return columns;
}

int write_step_list(const std::vector<ListedStep>& steps, const OutputOptions& options) {
  const std::vector<ListedStep> listed = selected(steps, options.steps);
  write_rendered(
      [&](const Format& format) {
        if (format.name == "text") return text_of(listed, options.language, page_width(options));
        const bool data = format.name == "csv" || format.name == "json";
        return format.table(table_of(listed, options.language, data ? Readers::programs : Readers::people));
      },
      [&]() {
        return table_page(lessons::lesson(options.language).note("page", "steps").value_or(""), {}, table_of(listed, options.language, Readers::people));
      },
      options);
  return exit_done;
}

}  // namespace attn::tools
