#include "array_report.hpp"

#include "formats.hpp"
#include "page_report.hpp"
#include "page_width.hpp"

#include <attn/error.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/io/sink.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/latex.hpp>
#include <attn/render/markdown.hpp>
#include <attn/render/text.hpp>

#include <charconv>

namespace attn::tools {
namespace {

template <class Style>
Style style_of(const OutputOptions& options) {
  Style style;
  style.decimals = options.precision.value_or(default_decimals);
  style.extent.all = options.full;
  style.words = words_of(options);
  return style;
}

void write_text_of(io::Sink& sink, const ArrayReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  render::TextStyle style = style_of<render::TextStyle>(options);
  style.width = page_width(options);
  style.color = wants_colour(options);
  render::write_text(output, report.document, style);
  if (!report.drawing.empty()) sink.write("\n" + report.drawing);
}

void write_json_of(io::Sink& sink, const ArrayReport& report) {
  SinkOutput output(sink);
  render::JsonTrace json(output, report.header);
  for (const NamedResult& array : report.arrays) {
    render::JsonArray axes(array.axes.begin(), array.axes.end());
    json.add({{"step", array.name},
              {"formula", array.formula},
              {"axes", std::move(axes)},
              {"shape", render::json_of(array.tensor.shape())}},
             array.tensor);
  }
  json.finish();
}

void write_csv_of(io::Sink& sink, const ArrayReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  const TensorView& matrix = report.arrays.front().tensor;
  const std::size_t width = matrix.shape().back(), rows = width == 0 ? 0 : matrix.size() / width;
  std::vector<std::string> columns = report.columns;
  for (std::size_t c = columns.size(); c < width; ++c) columns.push_back(std::to_string(c));
  MatrixCsv csv(output, report.row_name, columns, {options.precision});
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t at = r * width;
    if (matrix.precision() == Precision::float64) {
      csv.add_row(report.first_row + r, static_cast<const double*>(matrix.data()) + at, width);
    } else {
      csv.add_row(report.first_row + r, static_cast<const float*>(matrix.data()) + at, width);
    }
  }
  csv.finish();
}

std::vector<io::NamedView> views_of(const ArrayReport& report) {
  std::vector<io::NamedView> views;
  for (const NamedResult& array : report.arrays) views.push_back({array.name, array.tensor});
  return views;
}

PageText page_of(const ArrayReport& report) {
  return {report.document.title, render::page_blocks(report.document)};
}

void write_as(const std::string& format, io::Sink& sink, const ArrayReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  if (format == "csv") return write_csv_of(sink, report, options);
  if (format == "json") return write_json_of(sink, report);
  if (format == "npz") return io::write_npz(sink, views_of(report));
  if (format == "npy") return io::write_npy(sink, report.arrays.front().tensor);
  if (format == "safetensors") return io::write_safetensors(sink, views_of(report));
  if (format == "markdown") return render::write_markdown(output, report.document, style_of<render::MarkdownStyle>(options));
  if (format == "latex") return render::write_latex(output, report.document, style_of<render::LatexStyle>(options));
  if (format == "html") return write_page(output, page_of(report), options);
  if (format == "text") return write_text_of(sink, report, options);
  throw UsageError("--format", format + " does not hold arrays");
}

}  // namespace

MatrixCsv::MatrixCsv(render::Output& output, const std::string& row_name, const std::vector<std::string>& columns,
                     render::NumberFormat format)
    : buffer_(output), format_(format) {
  buffer_.append(render::csv_field(row_name));
  for (const std::string& column : columns) {
    buffer_.append(',');
    buffer_.append(render::csv_field(column));
  }
  buffer_.append('\n');
}

template <class T>
void MatrixCsv::add_row(std::size_t number, const T* values, std::size_t count) {
  char* const digits = buffer_.reserve(32);
  buffer_.commit(std::to_chars(digits, digits + 32, number).ptr);
  for (std::size_t c = 0; c < count; ++c) {
    char* const cell = buffer_.reserve(render::number_room(format_) + 1);
    *cell = ',';
    buffer_.commit(render::write_number(cell + 1, values[c], format_));
  }
  buffer_.append('\n');
}

template void MatrixCsv::add_row(std::size_t, const float*, std::size_t);
template void MatrixCsv::add_row(std::size_t, const double*, std::size_t);

void write_array_report(const ArrayReport& report, const OutputOptions& options) {
  const Format& format = chosen_format(options);
  const auto sink = open_result(options);
  write_as(format.name, *sink, report, options);
  sink->finish();
}

void write_array_report(const std::function<ArrayReport()>& make, const OutputOptions& options) {
  if (chosen_format(options).name != "html") return write_array_report(make(), options);
  const auto sink = open_result(options);
  SinkOutput output(*sink);
  write_page(output, [&make]() { return page_of(make()); }, options);
  sink->finish();
}

}  // namespace attn::tools
