#include <attn/notebook/bundle.hpp>

#include <attn/formula.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/html_formula.hpp>
#include <attn/render/html_matrix.hpp>
#include <attn/render/html_page.hpp>
#include <attn/render/latex.hpp>
#include <attn/render/panel.hpp>
#include <attn/render/text.hpp>

namespace attn::notebook {
namespace {

constexpr std::size_t cells_shown = 20000;

std::string styled(const std::string& html) {
  return "<style>" + std::string(render::html_matrix_css()) + "</style>" + html;
}

render::Shading shading_of(const TensorView& tensor) {
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    if (!(tensor[i] >= 0 && tensor[i] <= 1)) return render::Shading::diverging;
  }
  return render::Shading::unit;
}

render::Section section_of(const TensorView& tensor, const Labels& labels) {
  render::Section section;
  section.name = labels.name;
  section.panel = render::Panel{tensor, split_axes(labels.axes), labels.rows, labels.columns, shading_of(tensor)};
  return section;
}

std::string panel_html(const render::Section& section, const render::Extent& extent) {
  const render::Words words;
  render::HtmlPanelStyle style;
  style.extent = extent;
  style.name = section.name;
  return render::html_panel({{"en", &*section.panel, &words}}, style);
}

std::string heading_html(const render::Section& section) {
  std::string html = section.name.empty() ? "" : "<code>" + render::html_text(section.name) + "</code> ";
  if (!section.formula.empty()) html += render::formula_html(section.symbol, section.formula, section.latex) + " ";
  return html + "<small>" + render::html_text(render::shape_line(section.panel->axes, section.panel->tensor.shape())) + "</small>";
}

Bundle bundle_of_document(const render::Document& document, const std::string& html) {
  render::StringOutput text, latex;
  render::write_text(text, document);
  render::write_latex(latex, document);
  return {text.text(), html, latex.text()};
}

render::Table table_of(const Difference& d) {
  render::Table table;
  table.columns = {{"found"}, {"value", render::Alignment::right}};
  const auto count = [](std::size_t n) { return render::Cell(static_cast<std::int64_t>(n)); };
  table.rows = {{std::string("status"), std::string(to_string(d.status))}, {std::string("cells that differ"), count(d.mismatched)},
                {std::string("of"), count(d.total)}, {std::string("largest difference"), d.max_abs}, {std::string("relative"), d.max_rel}};
  if (d.mismatched > 0) {
    table.rows.push_back({std::string("ours there"), d.ours});
    table.rows.push_back({std::string("theirs there"), d.theirs});
  }
  return table;
}

render::Table table_of(const std::vector<StepVerdict>& steps) {
  render::Table table;
  table.columns = {{"step"}, {"end to end"}, {"locally"}, {"differ", render::Alignment::right}, {"largest", render::Alignment::right}};
  for (const StepVerdict& step : steps) {
    if (step.difference.status == Status::missing) continue;
    table.rows.push_back({std::string(name_of(step.step)), std::string(to_string(step.difference.status)), std::string(to_string(step.local)),
                          static_cast<std::int64_t>(step.difference.mismatched), step.difference.max_abs});
    table.columns.back().format.decimals = 6;
  }
  return table;
}

}  // namespace

Bundle bundle_of(const TensorView& tensor, const Labels& labels) {
  render::Document document;
  document.sections = {section_of(tensor, labels)};
  const render::Section& section = document.sections.front();
  const std::string html = heading_html(section) + panel_html(section, render::fitting_extent({tensor.shape()}, cells_shown));
  return bundle_of_document(document, styled(html));
}

Bundle bundle_of(const Trace& trace) {
  render::Document document;
  std::vector<Shape> shapes;
  for (const TraceEntry& entry : trace.entries) {
    const StepInfo& info = step_info(entry.step);
    if (info.kind == StepKind::parameter) continue;
    render::Section section = section_of(entry.tensor, {entry.name, entry.axes, {}, {}});
    section.number = static_cast<int>(document.sections.size()) + 1;
    section.symbol = info.symbol;
    section.formula = with_symbols(info.formula);
    section.latex = with_symbols(info.latex);
    section.meaning = lessons::meaning(lessons::Language::en, entry.step);
    document.sections.push_back(std::move(section));
    shapes.push_back(entry.tensor.shape());
  }
  const render::Extent extent = render::fitting_extent(shapes, cells_shown);
  std::string html;
  for (const render::Section& section : document.sections) {
    html += "<details open><summary>" + heading_html(section) + "</summary>" + panel_html(section, extent) + "</details>";
  }
  return bundle_of_document(document, styled(html));
}

Bundle bundle_of(const render::Table& table) {
  return {render::table_text(table), styled(render::table_html(table)), render::table_latex(table)};
}

Bundle bundle_of(const Difference& difference) { return bundle_of(table_of(difference)); }

Bundle bundle_of(const Verification& v) {
  std::vector<std::string> lines = {to_string(v.verdict)};
  if (v.first_divergent_step) lines.push_back("first wrong step: " + std::string(name_of(*v.first_divergent_step)));
  for (const Diagnosis& d : v.diagnosis) {
    const std::string title = lessons::mistake_lesson(lessons::Language::en).note(d.id, "title").value_or("");
    lines.push_back(d.id + "  " + title + (d.explains ? " (explains it)" : " (consistent with it)"));
  }
  Bundle bundle = bundle_of(table_of(v.steps));
  std::string text, html;
  for (const std::string& line : lines) {
    text += line + "\n";
    html += "<p><b>" + render::html_text(line) + "</b></p>";
  }
  bundle.text = text + "\n" + bundle.text;
  bundle.html = html + bundle.html;
  return bundle;
}

}  // namespace attn::notebook
