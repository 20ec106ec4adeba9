#include "cell_report.hpp"

#include "../common/formats.hpp"
#include "../common/numbers.hpp"
#include "../common/suggest.hpp"

#include <attn/error.hpp>
#include <attn/lessons/lesson.hpp>

#include <fmt/format.h>

namespace attn::tools {
namespace {

const TraceEntry& entry_named(const Trace& trace, const std::string& name) {
  std::vector<std::string> known;
  for (const TraceEntry& entry : trace.entries) {
    if (entry.name == name) return entry;
    known.push_back(entry.name);
  }
  throw UsageError("--cell", fmt::format("this run has no step '{}'{} (it has {})", name, did_you_mean(name, known), fmt::join(known, ", ")));
}

// The arithmetic as text: what it is, the sentence about the mask, the equations, the value.
std::string preface_of(const CellExplanation& cell, const lessons::Lesson& lesson, const Trace& trace) {
  const auto word = [&](const char* key) { return lesson.note("cell", key).value_or(key); };
  const auto number = [&](double value) {
    return trace.precision == Precision::float32 ? render::number_text(static_cast<float>(value)) : render::number_text(value);
  };
  std::string text = fmt::format("{} = {}\n{}: {}\n", cell.cell, number(cell.value), word("rule"), cell.rule);
  if (cell.mask) {
    const std::pair<bool, const char*> reasons[] = {{cell.mask->causal, "causal"}, {cell.mask->padding, "padding"},
                                                    {cell.mask->window, "window"}, {cell.mask->given, "given"}};
    for (const auto& [applies, key] : reasons) {
      if (applies) text += word(key) + "\n";
    }
  }
  for (const std::string& line : cell.lines) text += line + "\n";
  if (cell.recomputed != cell.value && cell.value == cell.value) {
    text += fmt::format("{} {}\n", word("blas"), number(cell.recomputed));
  }
  return text + "\n";
}

render::Table table_of(const CellExplanation& cell) {
  render::Table table;
  table.columns = {{"term"}, {"left", render::Alignment::right}, {"right", render::Alignment::right},
                   {"value", render::Alignment::right}, {"running sum", render::Alignment::right, "running_sum"}};
  for (const CellTerm& term : cell.terms) {
    const bool product = !term.right.empty();
    table.rows.push_back({product ? term.left + " · " + term.right : term.left, term.left_value,
                          product ? render::Cell(term.right_value) : render::Cell(), term.value, term.running_sum});
  }
  if (cell.terms.empty()) table.rows.push_back({cell.cell, {}, {}, cell.value, {}});
  return table;
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
  const CellExplanation cell = explain_cell(trace, facts, address);
  write_table(table_of(cell), preface_of(cell, lessons::lesson(command.output.language), trace), command.output);
}

void write_cell(const AttentionCommand& command, const AttentionResult& result) {
  write_cell(command, result.trace, result.facts, parse_cell(result.trace, command.output.cell));
}

}  // namespace attn::tools
