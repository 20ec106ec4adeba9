#include "words.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>

namespace attn::tools {

std::string posenc_word(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values) {
  return lessons::lesson(output.language).note("posenc", name, values).value_or(std::string(name));
}

std::vector<std::string> posenc_notes(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values) {
  if (!output.notes) return {};
  return lessons::lesson(output.language).paragraphs("posenc", name, values);
}

std::vector<std::string> shown_axes(const OutputOptions& output, std::vector<std::string> axes) {
  for (std::string& axis : axes) axis = lessons::lesson(output.language).note("posenc", "axis_" + axis).value_or(axis);
  return axes;
}

std::vector<std::string> position_labels(std::uint64_t first, std::size_t count) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; first > 0 && i < count; ++i) labels.push_back(std::to_string(first + i));
  return labels;
}

render::Cell shown_number(const OutputOptions& output, double value) {
  return output.precision ? fmt::format("{:.{}f}", value, *output.precision) : fmt::format("{:.6g}", value);
}

render::Table shown_table(const OutputOptions& output, render::Table table) {
  for (auto& row : table.rows) {
    for (render::Cell& cell : row) {
      if (const double* number = std::get_if<double>(&cell)) cell = shown_number(output, *number);
    }
  }
  return table;
}

}  // namespace attn::tools
