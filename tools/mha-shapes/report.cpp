#include "report.hpp"

#include "../common/formats.hpp"
#include "../common/page_report.hpp"
#include "../common/page_width.hpp"

#include <attn/render/display_width.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/latex_text.hpp>
#include <attn/render/output.hpp>

#include <stdexcept>

namespace attn::tools {
namespace {

constexpr std::size_t unbroken_width = 160;

std::string paragraphs(const std::vector<std::string>& texts, std::size_t width) {
  std::string result;
  for (const std::string& text : texts) result += indented(text, 0, width) + "\n";
  return result;
}

std::string text_of(const Report& report, bool colour, std::size_t width) {
  std::string text = colour ? "\033[1m" + report.title + "\033[0m\n" : report.title + "\n";
  for (std::size_t i = 0; i < width; ++i) text += "═";
  text += "\n\n" + paragraphs(report.introduction, width);
  text += report.text_body.empty() ? render::table_text(report.table, width) : report.text_body;
  if (!report.drawing.empty()) text += "\n" + report.drawing_title + "\n\n" + report.drawing;
  if (!report.closing.empty()) text += "\n" + paragraphs(report.closing, width);
  while (text.size() > 1 && text[text.size() - 2] == '\n') text.pop_back();
  return text;
}

std::string markdown_of(const Report& report) {
  std::string text = "# " + render::markdown_text(report.title) + "\n\n";
  for (const std::string& paragraph : report.introduction) text += render::markdown_text(paragraph) + "\n\n";
  text += render::table_markdown(report.table);
  if (!report.drawing.empty()) {
    text += "\n## " + render::markdown_text(report.drawing_title) + "\n\n```text\n" + report.drawing + "```\n";
  }
  for (const std::string& paragraph : report.closing) text += "\n" + render::markdown_text(paragraph) + "\n";
  return text;
}

std::string latex_of(const Report& report) {
  std::string text = "\\section*{" + render::latex_text(report.title) + "}\n\n";
  for (const std::string& paragraph : report.introduction) text += render::latex_text(paragraph) + "\n\n";
  text += render::table_latex(report.table);
  if (!report.latex_drawing.columns.empty()) {
    text += "\n" + render::latex_text(report.drawing_title) + "\n\n" + render::table_latex(report.latex_drawing);
  }
  for (const std::string& paragraph : report.closing) text += "\n" + render::latex_text(paragraph) + "\n";
  return text;
}

PageText page_of(const Report& report) {
  PageText page{report.title, {}};
  const auto add = [&page]() -> render::PageBlock& { return page.blocks.emplace_back(); };
  if (!report.introduction.empty()) add().paragraphs = report.introduction;
  if (!report.drawing.empty()) {
    add().title = report.drawing_title;
    page.blocks.back().drawing = report.drawing;
  }
  if (!report.table.rows.empty()) add().table = report.table;
  if (report.table.rows.empty() && !report.text_body.empty()) add().paragraphs = {report.text_body};
  if (!report.closing.empty()) add().paragraphs = report.closing;
  return page;
}

render::Json json_cell(const render::Cell& cell) {
  if (const auto* word = std::get_if<std::string>(&cell)) return *word;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return *whole;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth;
  return nullptr;
}

std::string json_of_report(const Report& report) {
  render::JsonObject object = report.facts;
  render::JsonArray rows;
  for (const auto& cells : report.table.rows) {
    render::JsonObject row;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const render::Column& column = report.table.columns[c];
      row.emplace_back(column.key.empty() ? column.title : column.key, json_cell(cells[c]));
    }
    rows.emplace_back(std::move(row));
  }
  object.emplace_back(report.rows_key, std::move(rows));
  render::StringOutput output;
  render::write_json(output, object);
  return output.text();
}

}  // namespace

void write(const std::function<Report()>& make, const OutputOptions& options) {
  write_rendered(
      [&](const Format& format) {
        const Report report = make();
        if (format.name == "text") return text_of(report, wants_colour(options), page_width(options));
        if (format.name == "json") return json_of_report(report);
        if (format.name == "markdown") return markdown_of(report);
        if (format.name == "latex") return latex_of(report);
        return format.table(report.table);
      },
      [&]() { return page_of(make()); }, options);
}

std::string say(lessons::Language language, const std::string& key, const lessons::Placeholders& values) {
  const std::optional<std::string> text = lessons::shape_lesson(language).note("shapes." + key, "", values);
  if (!text) throw std::logic_error("the lesson has no entry shapes." + key);
  return *text;
}

render::Column column(lessons::Language language, const std::string& key, render::Alignment alignment) {
  return {say(language, "word." + key), alignment, key, {}};
}

std::string indented(const std::string& text, std::size_t margin, std::size_t width) {
  std::string result;
  for (const std::string& line : render::wrap(text, width - margin)) {
    result += std::string(margin, ' ') + line + "\n";
  }
  return result;
}

std::string lines_with_notes(render::Table table, std::size_t column, std::size_t width) {
  std::vector<std::string> notes;
  const auto take_out = [column](auto& cells) { cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(column)); };
  for (auto& row : table.rows) {
    notes.push_back(std::get<std::string>(row[column]));
    take_out(row);
  }
  take_out(table.columns);
  // Wide enough that no cell is wrapped: line i + 2 is row i, behind the titles and the rule.
  const std::string plain = render::table_text(table, unbroken_width);
  std::string text;
  std::size_t line = 0;
  for (std::size_t start = 0; start < plain.size(); ++line) {
    const std::size_t end = plain.find('\n', start) + 1;
    text += plain.substr(start, end - start);
    if (line >= 2) text += indented(notes[line - 2], 6, width);
    start = end;
  }
  return text;
}

render::Cell cell(std::size_t number) { return static_cast<std::int64_t>(number); }

}  // namespace attn::tools
