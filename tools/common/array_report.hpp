// Results that are a few named arrays: one document for people, the arrays themselves for programs.
#pragma once

#include "output_options.hpp"

#include <attn/render/document.hpp>
#include <attn/render/json.hpp>
#include <attn/render/number.hpp>
#include <attn/render/output.hpp>
#include <attn/tensor.hpp>

#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

struct NamedResult {
  std::string name;
  std::string formula;
  std::vector<std::string> axes;  ///< one word for each axis
  TensorView tensor;
};

struct ArrayReport {
  render::Document document;       ///< text, Markdown, LaTeX, HTML
  render::JsonObject header{};     ///< JSON: the members before "steps"
  std::vector<NamedResult> arrays{};  ///< JSON, NPZ, safetensors: all; NPY, CSV: the first
  std::string row_name = "row";    ///< CSV: the title of the column that counts rows from `first_row`, after the axes before it
  std::size_t first_row = 0;
  std::vector<std::string> columns{};  ///< CSV: the titles of the others; empty: 0, 1, …
  std::string drawing{};           ///< text: printed at the end, as it is
};

/// --format, --output, --force, --precision, --width, --notes, --lang, --color, --full.
void add_array_options(CLI::App& app, OutputOptions& options);

/// Writes the report to --output in the chosen format; a page asks `make` once for each language.
void write_array_report(const std::function<ArrayReport()>& make, const OutputOptions& options);

/// Rows of numbers that may be made while they are written, several blocks of them at a time, each by one thread.
template <class T>
struct NumberedRows {
  std::size_t rows, width;
  std::function<std::vector<std::size_t>(std::size_t row)> place;  ///< the indices in front of a row, one for each title
  /// Where rows first … first + count − 1 lie, row-major: in `room`, unless they are somewhere already.
  std::function<const T*(std::size_t first, std::size_t count, std::vector<T>& room)> values;
};

/// Writes them as CSV: a header, then the place of each row (its number, after the indices of the axes before
/// it) and its values.
template <class T>
void write_numbered_csv(render::Output& output, const std::vector<std::string>& place_titles, const std::vector<std::string>& columns,
                        const NumberedRows<T>& rows, render::NumberFormat format);

}  // namespace attn::tools
