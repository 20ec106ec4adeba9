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
#include <attn/render/rows.hpp>
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

// The rows of an array of any rank: matrices of leading axes from top to bottom.
template <class T>
NumberedRows<T> rows_of(const TensorView& array, std::size_t first_row) {
  const Shape& shape = array.shape();
  const std::size_t width = shape.back();
  const Shape outer(shape.begin(), shape.end() - std::min<std::ptrdiff_t>(2, static_cast<std::ptrdiff_t>(array.rank())));
  const std::size_t rows_of_matrix = array.rank() < 2 ? 1 : shape[outer.size()];
  NumberedRows<T> rows{width == 0 ? 0 : array.size() / width, width, {}, {}};
  rows.place = [outer, rows_of_matrix, first_row](std::size_t row) {
    std::vector<std::size_t> place(outer.size() + 1, first_row + row % rows_of_matrix);
    std::size_t matrix = row / rows_of_matrix;
    for (std::size_t axis = outer.size(); axis-- > 0; matrix /= outer[axis]) place[axis] = matrix % outer[axis];
    return place;
  };
  rows.values = [data = static_cast<const T*>(array.data()), width](std::size_t first, std::size_t, std::vector<T>&) { return data + first * width; };
  return rows;
}

void write_csv_of(io::Sink& sink, const ArrayReport& report, const OutputOptions& options) {
  SinkOutput output(sink);
  const NamedResult& first = report.arrays.front();
  const TensorView& array = first.tensor;
  std::vector<std::string> columns = report.columns;
  for (std::size_t c = columns.size(); c < array.shape().back(); ++c) columns.push_back(std::to_string(c));
  const std::size_t outer_axes = array.rank() < 2 ? 0 : array.rank() - 2;
  std::vector<std::string> titles(first.axes.begin(), first.axes.begin() + static_cast<std::ptrdiff_t>(outer_axes));
  titles.push_back(report.row_name);
  if (array.precision() == Precision::float64) {
    write_numbered_csv(output, titles, columns, rows_of<double>(array, report.first_row), {options.precision});
  } else {
    write_numbered_csv(output, titles, columns, rows_of<float>(array, report.first_row), {options.precision});
  }
}

constexpr std::size_t usual_index_size = 6;  // with its comma

void write_titles(render::Buffer& text, const std::vector<std::string>& place, const std::vector<std::string>& columns) {
  const char* separator = "";
  for (const std::vector<std::string>* titles : {&place, &columns}) {
    for (const std::string& title : *titles) {
      text.append(separator + render::csv_field(title));
      separator = ",";
    }
  }
  text.append('\n');
}

template <class T>
void append_row(render::Buffer& text, const std::vector<std::size_t>& place, const T* values, std::size_t count, render::NumberFormat format) {
  for (const std::size_t& index : place) {
    if (&index != &place.front()) text.append(',');
    char* const digits = text.reserve(32);
    text.commit(std::to_chars(digits, digits + 32, index).ptr);
  }
  for (std::size_t c = 0; c < count; ++c) {
    char* const cell = text.reserve(render::number_room(format) + 1);
    *cell = ',';
    text.commit(render::write_number(cell + 1, values[c], format));
  }
  text.append('\n');
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

template <class T>
void write_numbered_csv(render::Output& output, const std::vector<std::string>& place_titles, const std::vector<std::string>& columns,
                        const NumberedRows<T>& rows, render::NumberFormat format) {
  render::Buffer buffer(output);
  write_titles(buffer, place_titles, columns);
  const std::size_t row_size = rows.width * render::usual_size(format) + place_titles.size() * usual_index_size;
  render::append_rows(buffer, rows.rows, row_size, [&](render::Buffer& text, std::size_t first, std::size_t last) {
    std::vector<T> room;
    const T* values = rows.values(first, last - first, room);
    for (std::size_t row = first; row < last; ++row, values += rows.width) append_row(text, rows.place(row), values, rows.width, format);
  });
  buffer.flush();
}

template void write_numbered_csv(render::Output&, const std::vector<std::string>&, const std::vector<std::string>&, const NumberedRows<float>&, render::NumberFormat);
template void write_numbered_csv(render::Output&, const std::vector<std::string>&, const std::vector<std::string>&, const NumberedRows<double>&, render::NumberFormat);

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
