#include "table_report.hpp"

#include "formats.hpp"
#include "page_report.hpp"
#include "page_width.hpp"

#include <attn/error.hpp>
#include <attn/io/sink.hpp>
#include <attn/render/display_width.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/latex_text.hpp>

#include <algorithm>
#include <variant>

#include <CLI/CLI.hpp>

namespace attn::tools {
namespace {

std::string wrapped(const std::vector<std::string>& paragraphs, std::size_t width) {
  std::string text;
  for (const std::string& paragraph : paragraphs) {
    for (const std::string& line : render::wrap(paragraph, width)) text += line + "\n";
    text += "\n";
  }
  return text;
}

template <class Escape>
std::string escaped(const std::vector<std::string>& paragraphs, Escape&& escape) {
  std::string text;
  for (const std::string& paragraph : paragraphs) text += escape(paragraph) + "\n\n";
  return text;
}

std::string text_of(const TableReport& report, bool notes, std::size_t width) {
  std::string text = report.title + "\n\n";
  if (notes) text += wrapped(report.introduction, width);
  for (const TitledTable& part : report.tables) {
    text += part.title + "\n\n" + render::table_text(part.table, std::max(width, part.width)) + "\n";
    if (notes) text += wrapped(part.paragraphs, width);
  }
  if (notes) text += wrapped(report.closing, width);
  if (!report.drawing.empty()) return text + report.drawing;
  text.pop_back();  // the last part's empty line
  return text;
}

std::string markdown_of(const TableReport& report, bool notes) {
  std::string text = "# " + render::markdown_text(report.title) + "\n\n";
  if (notes) text += escaped(report.introduction, render::markdown_text);
  for (const TitledTable& part : report.tables) {
    text += "## " + render::markdown_text(part.title) + "\n\n" + render::table_markdown(part.table) + "\n";
    if (notes) text += escaped(part.paragraphs, render::markdown_text);
  }
  if (notes) text += escaped(report.closing, render::markdown_text);
  text.pop_back();
  return text;
}

std::string latex_of(const TableReport& report, bool notes) {
  std::string text = "\\section*{" + render::latex_text(report.title) + "}\n\n";
  if (notes) text += escaped(report.introduction, render::latex_text);
  for (const TitledTable& part : report.tables) {
    text += "\\paragraph{" + render::latex_text(part.title) + "}\\mbox{}\\\\[1ex]\n" + render::table_latex(part.table) + "\n";
    if (notes) text += escaped(part.paragraphs, render::latex_text);
  }
  if (notes) text += escaped(report.closing, render::latex_text);
  text.pop_back();
  return render::latex_needs(render::has_wide_character(text)) + text;
}

PageText page_of(const TableReport& report, bool notes) {
  PageText page{report.title, {}};
  const auto add = [&](const std::string& title, const render::Table* table, const std::vector<std::string>& paragraphs) {
    if (!table && (!notes || paragraphs.empty())) return;
    page.blocks.emplace_back();
    page.blocks.back().title = title;
    if (table) page.blocks.back().table = *table;
    if (notes) page.blocks.back().closing = paragraphs;
  };
  add("", nullptr, report.introduction);
  for (const TitledTable& part : report.tables) add(part.title, &part.table, part.paragraphs);
  add("", nullptr, report.closing);
  return page;
}

struct ToJson {
  render::Json operator()(std::monostate) const { return nullptr; }
  render::Json operator()(const render::Formula& formula) const { return formula.text; }
  template <class Value>
  render::Json operator()(const Value& value) const {
    return value;
  }
};

void write_json(io::Sink& sink, const TableReport& report) {
  render::JsonArray rows;
  for (const auto& cells : report.rows.rows) {
    render::JsonObject row;
    for (std::size_t c = 0; c < report.rows.columns.size(); ++c) {
      const render::Column& column = report.rows.columns[c];
      row.emplace_back(column.key.empty() ? column.title : column.key,
                       c < cells.size() ? std::visit(ToJson{}, cells[c]) : render::Json());
    }
    rows.emplace_back(std::move(row));
  }
  render::JsonObject object = report.header;
  object.emplace_back("rows", std::move(rows));
  SinkOutput output(sink);
  render::write_json(output, object);
}

void write_as(const Format& format, io::Sink& sink, const TableReport& report, const OutputOptions& options) {
  if (format.name == "json") return write_json(sink, report);
  sink.write(format.name == "csv"        ? render::table_csv(report.rows)
             : format.name == "markdown" ? markdown_of(report, options.notes)
             : format.name == "latex"    ? latex_of(report, options.notes)
                                         : text_of(report, options.notes, page_width(options)));
}

}  // namespace

void write_table_report(const std::function<TableReport()>& make, const OutputOptions& options) {
  const Format& format = chosen_format(options);
  require_table_format(format);
  const auto sink = open_result(options);
  if (format.name == "html") {
    SinkOutput output(*sink);
    write_page(output, [&]() { return page_of(make(), options.notes); }, options);
  } else {
    write_as(format, *sink, make(), options);
  }
  sink->finish();
}

}  // namespace attn::tools
