// Results that are tables rather than tensors: a few tables with words around them for people, one tidy
// table for programs.
#pragma once

#include "cli11_forward.hpp"

#include "output_options.hpp"

#include <attn/render/json.hpp>
#include <attn/render/table.hpp>

#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

struct TitledTable {
  std::string title;
  render::Table table;
  std::vector<std::string> paragraphs{};  ///< printed below the table
  std::size_t width = 0;                  ///< columns that the table may take where the page has fewer
};

struct TableReport {
  std::string title;
  std::vector<std::string> introduction{};
  std::vector<TitledTable> tables{};   ///< text, Markdown, LaTeX, HTML
  std::vector<std::string> closing{};
  std::string drawing{};               ///< text: printed at the end, as it is
  render::JsonObject header{};         ///< JSON: the members before "rows"
  render::Table rows{};                ///< CSV: the whole file; JSON: "rows", an array of objects
};

/// What the numbers of a subcommand's tables are: only fractions have digits to choose.
enum class Numbers { whole, fractions };

/// The part of the output options that makes sense for tables: --format (text, csv, json, markdown,
/// latex), --output, --force, --precision (for fractions), --width, --notes, --lang; and --color where there is
/// a drawing.
void add_table_options(CLI::App& app, OutputOptions& options, Numbers numbers = Numbers::fractions);

/// Writes the report to --output in the chosen format; a page asks `make` once for each language. Introduction,
/// closing and the paragraphs below tables are notes: --no-notes leaves them out. Throws UsageError for a format
/// that holds tensors only.
void write_table_report(const std::function<TableReport()>& make, const OutputOptions& options);

}  // namespace attn::tools
