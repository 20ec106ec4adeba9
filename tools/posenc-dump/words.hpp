// The notes of this tool, from the lesson files.
#pragma once

#include "../common/output_options.hpp"

#include <attn/lessons/lesson.hpp>
#include <attn/render/table.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace attn::tools {

/// The note "posenc.<name>" as one line; its name where there is none.
inline std::string posenc_word(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values = {}) {
  return lessons::lesson(output.language).note("posenc", name, values).value_or(std::string(name));
}

/// Its paragraphs; none with --no-notes.
inline std::vector<std::string> posenc_notes(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values = {}) {
  if (!output.notes) return {};
  return lessons::lesson(output.language).paragraphs("posenc", name, values);
}

/// Axes as people read them; programs get the words that stand in the code.
inline std::vector<std::string> shown_axes(const OutputOptions& output, std::vector<std::string> axes) {
  for (std::string& axis : axes) axis = lessons::lesson(output.language).note("posenc", "axis_" + axis).value_or(axis);
  return axes;
}

/// A number as people read it: six significant digits, or --precision digits after the point.
inline render::Cell shown_number(const OutputOptions& output, double value) {
  return output.precision ? fmt::format("{:.{}f}", value, *output.precision) : fmt::format("{:.6g}", value);
}

/// The table with its numbers as people read them; CSV and JSON take the table as it is.
inline render::Table shown_table(const OutputOptions& output, render::Table table) {
  for (auto& row : table.rows) {
    for (render::Cell& cell : row) {
      if (const double* number = std::get_if<double>(&cell)) cell = shown_number(output, *number);
    }
  }
  return table;
}

}  // namespace attn::tools
