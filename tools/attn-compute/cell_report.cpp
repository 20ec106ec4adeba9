#include "cell_report.hpp"

#include "../common/formats.hpp"
#include "../common/numbers.hpp"
#include "../common/page_report.hpp"
#include "../common/page_width.hpp"
#include "../common/suggest.hpp"

#include <attn/error.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/cell_format.hpp>
#include <attn/render/display_width.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/json.hpp>
#include <attn/render/latex_text.hpp>
#include <attn/render/output.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace attn::tools {
namespace {

const TraceEntry& entry_named(const Trace& trace, const std::string& name) {
  std::vector<std::string> known;
  for (const TraceEntry& entry : trace.entries) {
    if (entry.name == name) return entry;
    known.push_back(entry.name);
  }
  const std::string last = name.substr(name.rfind('.') + 1);  // of "self.mask" in a layer
  if (const std::optional<Step> step = find_step(last)) {
    throw UsageError("--cell", fmt::format("'{}' is not computed in this run{}", name, what_brings(*step)));
  }
  throw UsageError("--cell", fmt::format("this run has no step '{}'{} (it has {})", name, did_you_mean(name, known), fmt::join(known, ", ")));
}

constexpr int decimals_of_terms = 6;  ///< without --precision: enough to follow a sum by hand

std::string exact(double value, Precision precision) {
  return precision == Precision::float32 ? render::number_text(static_cast<float>(value)) : render::number_text(value);
}

// The mask rules that forbid the cell, by their keys in the lessons.
std::vector<std::string> hidden_by(const CellExplanation& cell) {
  if (!cell.mask) return {};
  std::vector<std::string> keys;
  if (cell.mask->causal) keys.emplace_back("causal");
  if (cell.mask->padding) keys.emplace_back("padding");
  if (cell.mask->window) keys.emplace_back("window");
  if (cell.mask->given) keys.emplace_back("given");
  return keys;
}

// What people read above the terms: how, the sentence about the mask, the equations.
std::vector<std::string> lines_of(const CellExplanation& cell, const lessons::Lesson& lesson, Precision precision) {
  std::vector<std::string> lines = {lesson.note("cell", "rule", {{"term", cell.rule}}).value_or(cell.rule)};
  for (const std::string& key : hidden_by(cell)) lines.push_back(lesson.note("cell", key).value_or(key));
  lines.insert(lines.end(), cell.lines.begin(), cell.lines.end());
  if (cell.recomputed != cell.value && cell.value == cell.value) {
    lines.push_back(lesson.note("cell", "blas").value_or("") + " " + exact(cell.recomputed, precision));
  }
  return lines;
}

// The numbers of one column, in one notation and aligned on their points.
std::vector<std::string> aligned(const std::vector<double>& numbers, Precision precision, int decimals) {
  render::CellRange range;
  for (const double number : numbers) range.see(number, precision);
  const render::CellFormat format(range, decimals);
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(format.aligned(number, precision));
  return texts;
}

std::vector<double> column_of(const std::vector<CellTerm>& terms, double CellTerm::*number) {
  std::vector<double> numbers;
  for (const CellTerm& term : terms) numbers.push_back(term.*number);
  return numbers;
}

// The terms for people, without the columns that would say nothing: a sum of plain numbers has neither left
// nor right, a sum of exponentials has the score on its left.
render::Table table_of(const CellExplanation& cell, const lessons::Lesson& lesson, Precision precision, int decimals) {
  const auto word = [&](const char* key) { return lesson.note("cell", key).value_or(key); };
  const auto& terms = cell.terms;
  const bool products = std::any_of(terms.begin(), terms.end(), [](const CellTerm& term) { return !term.right.empty(); });
  const bool mapped = std::any_of(terms.begin(), terms.end(), [](const CellTerm& term) { return term.left_value != term.value; });
  render::Table table;
  table.columns = {{word("term")}};
  for (const CellTerm& term : terms) table.rows.push_back({term.right.empty() ? term.left : term.left + " · " + term.right});
  const auto add = [&](const char* title, double CellTerm::*number, bool of_products_only) {
    table.columns.push_back({word(title), render::Alignment::right});
    const std::vector<std::string> texts = aligned(column_of(terms, number), precision, decimals);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      table.rows[i].push_back(of_products_only && terms[i].right.empty() ? render::Cell() : render::Cell(texts[i]));
    }
  };
  if (products || mapped) add(products ? "left" : "score", &CellTerm::left_value, false);
  if (products) add("right", &CellTerm::right_value, true);
  add("value", &CellTerm::value, false);
  add("running_sum", &CellTerm::running_sum, false);
  return table;
}

// The cell for people, in a language.
struct SpokenCell {
  std::string title;
  std::vector<std::string> lines;
  render::Table terms;
};

SpokenCell spoken_of(const CellExplanation& cell, Precision precision, const OutputOptions& options) {
  const lessons::Lesson& lesson = lessons::lesson(options.language);
  return {cell.cell + " = " + exact(cell.value, precision), lines_of(cell, lesson, precision),
          table_of(cell, lesson, precision, options.precision.value_or(decimals_of_terms))};
}

std::string text_of(const SpokenCell& cell, std::size_t width) {
  std::string text = cell.title + "\n";
  for (const std::string& line : cell.lines) {
    bool first = true;
    for (const std::string& piece : render::wrap(line, width - 2)) {
      text += (first ? "" : "  ") + piece + "\n";
      first = false;
    }
  }
  return cell.terms.rows.empty() ? text : text + "\n" + render::table_text(cell.terms, width);
}

std::string markdown_of(const SpokenCell& cell) {
  std::string text = "# " + render::markdown_text(cell.title) + "\n\n";
  for (const std::string& line : cell.lines) text += render::markdown_text(line) + "\n\n";
  if (cell.terms.rows.empty()) return text.substr(0, text.size() - 1);
  return text + render::table_markdown(cell.terms);
}

std::string latex_of(const SpokenCell& cell) {
  std::string text = "\\section*{" + render::latex_text(cell.title) + "}\n\n";
  for (const std::string& line : cell.lines) text += render::latex_text(line) + "\n\n";
  if (cell.terms.rows.empty()) return text.substr(0, text.size() - 1);
  return text + render::table_latex(cell.terms);
}

// A row a statement: the number, how it is made, which rules hide it, the equations, the terms.
render::Table rows_of(const CellExplanation& cell) {
  render::Table table;
  table.columns = {{"part"}, {"text"}, {"left"}, {"right"}, {"value"}, {"running_sum"}};
  table.rows.push_back({"cell", cell.cell, {}, {}, cell.value});
  table.rows.push_back({"rule", cell.rule});
  for (const std::string& key : hidden_by(cell)) table.rows.push_back({"hidden_by", key});
  for (const std::string& line : cell.lines) table.rows.push_back({"equation", line});
  for (const CellTerm& term : cell.terms) {
    const bool product = !term.right.empty();
    table.rows.push_back({"term", product ? term.left + " · " + term.right : term.left, term.left_value,
                          product ? render::Cell(term.right_value) : render::Cell(), term.value, term.running_sum});
  }
  if (cell.max) table.rows.push_back({"max", {}, {}, {}, *cell.max});
  if (cell.sum) table.rows.push_back({"sum", {}, {}, {}, *cell.sum});
  table.rows.push_back({"recomputed", {}, {}, {}, cell.recomputed});
  return table;
}

std::string json_of(const CellExplanation& cell) {
  render::JsonArray hidden, equations, terms;
  for (const std::string& key : hidden_by(cell)) hidden.emplace_back(key);
  for (const std::string& line : cell.lines) equations.emplace_back(line);
  for (const CellTerm& term : cell.terms) {
    render::JsonObject object = {{"left", term.left}, {"left_value", term.left_value}};
    if (!term.right.empty()) {
      object.emplace_back("right", term.right);
      object.emplace_back("right_value", term.right_value);
    }
    object.emplace_back("value", term.value);
    object.emplace_back("running_sum", term.running_sum);
    terms.emplace_back(std::move(object));
  }
  render::JsonObject object = {{"cell", cell.cell}, {"value", cell.value}, {"rule", cell.rule}, {"hidden_by", std::move(hidden)},
                               {"equations", std::move(equations)}};
  if (cell.max) object.emplace_back("max", *cell.max);
  if (cell.sum) object.emplace_back("sum", *cell.sum);
  object.emplace_back("terms", std::move(terms));
  object.emplace_back("recomputed", cell.recomputed);
  render::StringOutput output;
  render::write_json(output, object);
  return output.text();
}

}  // namespace

FoundCell find_cell(const Trace& trace, const std::string& text) {
  const std::size_t bracket = text.find('[');
  if (bracket == std::string::npos || text.back() != ']') {
    throw UsageError("--cell", fmt::format("expected STEP[INDEX,…] such as weights[0,1,2,3], found '{}'", text));
  }
  const TraceEntry& entry = entry_named(trace, text.substr(0, bracket));
  const Shape& shape = entry.tensor.shape();
  FoundCell address{&entry, {}};
  const std::vector<std::string> parts = parse_list("--cell", text.substr(bracket + 1, text.size() - bracket - 2));
  for (const std::string& part : parts) address.index.push_back(parse_whole("--cell", part));
  if (address.index.size() != shape.size()) {
    throw UsageError("--cell", fmt::format("{} has shape {}: expected {} indices, found {}", entry.name, to_string(shape), shape.size(), parts.size()));
  }
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (address.index[axis] >= shape[axis]) {
      throw UsageError("--cell", fmt::format("{} has shape {}: index {} of axis {} is out of range", entry.name, to_string(shape), address.index[axis], axis));
    }
  }
  return address;
}

CellAddress parse_cell(const Trace& trace, const std::string& text) {
  FoundCell found = find_cell(trace, text);
  return {found.entry->step, std::move(found.index)};
}

void write_cell(const AttentionCommand& command, const Trace& trace, const AttentionFacts& facts, const CellAddress& address) {
  const OutputOptions& options = command.output;
  const auto spoken = [&]() { return spoken_of(explain_cell(trace, facts, address, options.language), trace.precision, options); };
  const auto render = [&](const Format& format) {
    if (format.name == "markdown") return markdown_of(spoken());
    if (format.name == "latex") return latex_of(spoken());
    if (format.name == "text") return text_of(spoken(), page_width(options));
    // Data formats do not depend on the language.
    const CellExplanation cell = explain_cell(trace, facts, address, lessons::Language::en);
    return format.name == "csv" ? render::table_csv(rows_of(cell)) : json_of(cell);
  };
  const auto page = [&]() {
    SpokenCell cell = spoken();
    return table_page(std::move(cell.title), std::move(cell.lines), std::move(cell.terms));
  };
  write_rendered(render, page, options);
}

void write_cell(const AttentionCommand& command, const AttentionResult& result) {
  write_cell(command, result.trace, result.facts, parse_cell(result.trace, command.output.cell));
}

}  // namespace attn::tools
