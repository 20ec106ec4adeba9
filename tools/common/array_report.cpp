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
  const NamedResult& first = report.arrays.front();
  const TensorView& array = first.tensor;
  const std::size_t width = array.shape().back(), rows = width == 0 ? 0 : array.size() / width;
  std::vector<std::string> columns = report.columns;
  for (std::size_t c = columns.size(); c < width; ++c) columns.push_back(std::to_string(c));
  const Shape outer(array.shape().begin(), array.shape().end() - std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(array.rank())));
  std::vector<std::string> titles(first.axes.begin(), first.axes.begin() + static_cast<std::ptrdiff_t>(outer.size()));
  titles.push_back(report.row_name);
  MatrixCsv csv(output, titles, columns, {options.precision});
  const std::size_t rows_of_matrix = array.rank() < 2 ? 1 : array.shape()[outer.size()];
  for (std::size_t r = 0; r < rows; ++r) {
    std::vector<std::size_t> place(outer.size() + 1, report.first_row + r % rows_of_matrix);
    std::size_t matrix = r / rows_of_matrix;
    for (std::size_t axis = outer.size(); axis-- > 0; matrix /= outer[axis]) place[axis] = matrix % outer[axis];
    if (array.precision() == Precision::float64) {
      csv.add_row(place, static_cast<const double*>(array.data()) + r * width, width);
    } else {
      csv.add_row(place, static_cast<const float*>(array.data()) + r * width, width);
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
  if (format == "text") return write_text_of(sink, report, options);
  throw UsageError("--format", format + " does not hold arrays");
}

}  // namespace

MatrixCsv::MatrixCsv(render::Output& output, const std::vector<std::string>& place, const std::vector<std::string>& columns,
                     render::NumberFormat format)
    : buffer_(output), format_(format) {
  const char* separator = "";
  for (const std::vector<std::string>* titles : {&place, &columns}) {
    for (const std::string& title : *titles) {
      buffer_.append(separator + render::csv_field(title));
      separator = ",";
    }
  }
  buffer_.append('\n');
}

template <class T>
void MatrixCsv::add_row(const std::vector<std::size_t>& place, const T* values, std::size_t count) {
  for (const std::size_t& index : place) {
    if (&index != &place.front()) buffer_.append(',');
    char* const digits = buffer_.reserve(32);
    buffer_.commit(std::to_chars(digits, digits + 32, index).ptr);
  }
  for (std::size_t c = 0; c < count; ++c) {
    char* const cell = buffer_.reserve(render::number_room(format_) + 1);
    *cell = ',';
    buffer_.commit(render::write_number(cell + 1, values[c], format_));
  }
  buffer_.append('\n');
}

template void MatrixCsv::add_row(const std::vector<std::size_t>&, const float*, std::size_t);
template void MatrixCsv::add_row(const std::vector<std::size_t>&, const double*, std::size_t);

void write_array_report(const std::function<ArrayReport()>& make, const OutputOptions& options) {
  const Format& format = chosen_format(options);
  refuse_digits_of_exact_formats(format, options);
  const auto sink = open_result(options);
  if (format.name == "html") {
    SinkOutput output(*sink);
    write_page(output, [&make]() { return page_of(make()); }, options);
  } else {
    write_as(format.name, *sink, make(), options);
  }
  sink->finish();
}

}  // namespace attn::tools
