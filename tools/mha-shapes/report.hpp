// A finished answer: sentences, perhaps a drawing, and one table; written in any of the table formats.
#pragma once

#include "../common/output_options.hpp"

#include <attn/lessons/lesson.hpp>
#include <attn/render/json.hpp>
#include <attn/render/table.hpp>

#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

struct Report {
  render::JsonObject facts{};  ///< what JSON says before the rows
  std::string rows_key;        ///< JSON's name for the rows
  std::string title{};
  std::vector<std::string> introduction{};
  std::string drawing_title{};
  std::string drawing{};             ///< fixed-width text; for text, Markdown and HTML
  render::Table latex_drawing{};     ///< what LaTeX shows in its place
  render::Table table;               ///< every format
  std::string text_body{};           ///< text and nothing else: shown instead of the table
  std::vector<std::string> closing{};
};

/// Writes the report to the file of the options in the chosen format: CSV has the table only, JSON one
/// object {facts…, rows_key: [{column: cell, …}, …]}; a page asks `make` once for each language.
void write(const std::function<Report()>& make, const OutputOptions& options);

/// A sentence of the lesson, "shapes." put before the key. Throws std::logic_error for a key without text.
std::string say(lessons::Language language, const std::string& key, const lessons::Placeholders& values = {});

/// A table column with a translated title; `key` is its name in CSV and JSON.
render::Column column(lessons::Language language, const std::string& key,
                      render::Alignment alignment = render::Alignment::left);

/// The same paragraph, wrapped to the page and indented.
std::string indented(const std::string& text, std::size_t margin, std::size_t width);

/// The table as text, one column taken out and printed under each row, where it would be too narrow.
std::string lines_with_notes(render::Table table, std::size_t column, std::size_t width);

/// 12345 as a table cell.
render::Cell cell(std::size_t number);

}  // namespace attn::tools
