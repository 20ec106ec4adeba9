#include <attn/render/html_page.hpp>

#include <attn/render/embedded.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/html_formula.hpp>
#include <attn/render/html_matrix.hpp>
#include <attn/render/panel.hpp>

#include <algorithm>

namespace attn::render {
namespace {

std::string paragraphs_html(const std::vector<std::string>& paragraphs) {
  std::string html;
  for (const std::string& paragraph : paragraphs) html += "<p>" + html_text(paragraph) + "</p>";
  return html;
}

std::string checks_html(const std::vector<Check>& checks) {
  if (checks.empty()) return {};
  std::string html = "<ul class=checks>";
  for (const Check& check : checks) {
    html += std::string("<li class=") + (check.passed ? "passed>✓ " : "failed>✗ ") + html_text(check.text) + "</li>";
  }
  return html + "</ul>";
}

std::vector<Shape> shapes_of(const PageEdition& edition) {
  std::vector<Shape> shapes;
  for (const PageBlock& block : edition.blocks) {
    if (block.section && block.section->panel && block.section->stand_in.empty()) shapes.push_back(block.section->panel->tensor.shape());
    for (const TitledPanel& titled : block.panels) shapes.push_back(titled.panel.tensor.shape());
  }
  return shapes;
}

class PageWriter {
 public:
  PageWriter(Output& output, const std::vector<PageEdition>& editions, const PageStyle& style)
      : buffer_(output), editions_(editions), style_(style) {
    for (const PageEdition& edition : editions) languages_.push_back(edition.language);
    if (style.all) {
      extent_.all = true;
    } else {
      extent_ = fitting_extent(shapes_of(editions.front()), style.cells);
    }
  }

  void write() {
    write_head();
    write_contents();
    buffer_.append("<main>\n<h1>" + in_languages([](const PageEdition& e) { return html_text(e.title); }) + "</h1>\n");
    for (std::size_t i = 0; i < editions_.front().blocks.size(); ++i) write_block(i);
    buffer_.append("</main>\n</div>\n<output id=inspector aria-live=polite hidden></output>\n<script type=\"application/json\" id=words>" + script_words() +
                   "</script>\n<script>\n");
    buffer_.append(embedded_page_js);
    buffer_.append("</script>\n</body>\n</html>\n");
    buffer_.flush();
  }

 private:
  template <class F>
  std::string in_languages(F&& html_of, const char* element = "span") const {
    std::vector<std::string> html;
    for (const PageEdition& edition : editions_) html.push_back(html_of(edition));
    return html_in_languages(languages_, html, element);
  }

  /// The same of one block.
  template <class F>
  std::string of_block(std::size_t i, F&& html_of, const char* element = "div") const {
    return in_languages([&](const PageEdition& e) { return html_of(e.blocks[i]); }, element);
  }

  template <class F>
  std::string of_section(std::size_t i, F&& html_of, const char* element = "span") const {
    return of_block(i, [&](const PageBlock& b) { return html_of(*b.section); }, element);
  }

  void write_head() {
    const PageEdition& first = editions_.front();
    buffer_.append("<!DOCTYPE html>\n<html lang=\"" + html_text(first.language) + "\">\n<head>\n<meta charset=utf-8>\n");
    buffer_.append("<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<link rel=icon href=\"data:,\">\n");
    buffer_.append("<title>" + html_text(first.title) + "</title>\n<style>\n");
    buffer_.append(embedded_matrix_css);
    buffer_.append(embedded_page_css);
    for (const std::string& language : languages_) {
      buffer_.append("html[lang=" + language + "] body [lang]:not([lang=" + language + "]){display:none}\n");
    }
    buffer_.append("</style>\n</head>\n<body>\n<header class=bar>\n<div class=selectors hidden></div>\n<div class=switches>");
    if (editions_.size() > 1) {
      for (const PageEdition& edition : editions_) {
        buffer_.append("<button type=button data-language=\"" + html_text(edition.language) + "\">" + html_text(edition.words.language) + "</button>");
      }
    }
    buffer_.append("<button type=button id=theme aria-label=\"" + html_text(first.words.theme) + "\" title=\"" + html_text(first.words.theme) + "\">◐</button></div>\n</header>\n<div class=page>\n");
  }

  /// The words that the script needs, by language.
  std::string script_words() const {
    std::string json;
    for (const PageEdition& e : editions_) {
      json += (json.empty() ? "{" : ", ") + json_string(e.language) + ": {\"B\": " + json_string(e.words.batch) + ", \"H\": " + json_string(e.words.head) +
              ", \"Hk\": " + json_string(e.words.kv_head) + ", \"every\": " + json_string(e.words.every) + ", \"left_out\": " + json_string(e.words.left_out) + "}";
    }
    return json + "}";
  }

  void write_contents() {
    std::string list;
    for (std::size_t i = 0; i < editions_.front().blocks.size(); ++i) {
      const PageBlock& block = editions_.front().blocks[i];
      const std::string title = block.section ? html_text(block.section->name) : of_block(i, [](const PageBlock& b) { return html_text(b.title); }, "span");
      if (title.empty()) continue;
      const std::string number = block.section && block.section->number > 0 ? std::to_string(block.section->number) : "";
      list += "<li><a href=\"#b" + std::to_string(i) + "\"><span class=n>" + number + "</span>" + title + "</a></li>";
    }
    const std::string heading = in_languages([](const PageEdition& e) { return html_text(e.words.contents); });
    buffer_.append("<nav><details open><summary>" + heading + "</summary><ol>" + list + "</ol></details><p class=help>" +
                   in_languages([](const PageEdition& e) { return html_text(e.words.keyboard_help); }) + "</p></nav>\n");
  }

  void write_block(std::size_t i) {
    const PageBlock& block = editions_.front().blocks[i];
    const char* tone = block.tone == Tone::good ? " good" : block.tone == Tone::bad ? " bad" : "";
    buffer_.append("<section class=\"block" + std::string(tone) + "\" id=b" + std::to_string(i) + ">\n");
    const std::string title = of_block(i, [](const PageBlock& b) { return html_text(b.title); }, "span");
    if (!title.empty()) buffer_.append("<h2>" + title + "</h2>\n");
    buffer_.append(of_block(i, [](const PageBlock& b) { return paragraphs_html(b.paragraphs); }));
    if (block.section) write_section(i);
    if (!block.panels.empty()) write_panels(i);
    buffer_.append(of_block(i, [](const PageBlock& b) { return b.table ? "<div class=attn-scroll>" + table_html(*b.table) + "</div>" : std::string(); }));
    buffer_.append(of_block(i, [](const PageBlock& b) { return b.drawing.empty() ? std::string() : "<pre class=attn-scroll>" + html_text(b.drawing) + "</pre>"; }));
    buffer_.append(of_block(i, [](const PageBlock& b) { return paragraphs_html(b.closing); }));
    buffer_.append("</section>\n");
  }

  void write_section(std::size_t i) {
    const Section& section = *editions_.front().blocks[i].section;
    const std::string number = section.number > 0 ? "<span class=n>" + std::to_string(section.number) + "</span>" : "";
    buffer_.append("<h2 class=step>" + number + "<code>" + html_text(section.name) + "</code></h2>\n<p class=formula>");
    buffer_.append(of_section(i, [](const Section& s) { return formula_html(s.symbol, s.formula, s.latex); }));
    if (section.panel) {
      buffer_.append(" <span class=shape>" + of_section(i, [](const Section& s) { return html_text(shape_line(s.panel->axes, s.panel->tensor.shape())); }) + "</span>");
    }
    buffer_.append("</p>\n");
    const std::string meaning = of_section(i, [](const Section& s) { return html_text(s.meaning); });
    if (!meaning.empty()) buffer_.append("<p class=meaning>" + meaning + "</p>\n");
    const std::string instance = of_section(i, [](const Section& s) { return html_text(s.instance); });
    if (!instance.empty()) buffer_.append("<p class=instance>" + instance + "</p>\n");
    buffer_.append(of_section(i, [](const Section& s) { return paragraphs_html(s.notes); }, "div"));
    if (!section.stand_in.empty()) {
      buffer_.append("<p class=equal>= " + of_section(i, [](const Section& s) { return html_text(s.stand_in); }) + "</p>\n");
    } else if (section.panel) {
      buffer_.append(panel_html([i](const PageEdition& e) { return &*e.blocks[i].section->panel; }, section.name));
    }
    buffer_.append(of_section(i, [](const Section& s) { return checks_html(s.checks); }, "div"));
  }

  void write_panels(std::size_t i) {
    buffer_.append("<div class=beside>");
    for (std::size_t j = 0; j < editions_.front().blocks[i].panels.size(); ++j) {
      buffer_.append("<div><h3>" + of_block(i, [j](const PageBlock& b) { return html_text(b.panels[j].title); }, "span") + "</h3>");
      buffer_.append(panel_html([i, j](const PageEdition& e) { return &e.blocks[i].panels[j].panel; }, editions_.front().blocks[i].title));
      buffer_.append("</div>");
    }
    buffer_.append("</div>\n");
  }

  template <class F>
  std::string panel_html(F&& panel_of, const std::string& name) const {
    std::vector<PanelEdition> panels;
    for (const PageEdition& edition : editions_) panels.push_back({edition.language, panel_of(edition), &edition.words});
    HtmlPanelStyle style;
    style.decimals = style_.decimals;
    style.extent = extent_;
    style.name = name;
    return html_panel(panels, style);
  }

  Buffer buffer_;
  const std::vector<PageEdition>& editions_;
  PageStyle style_;
  Extent extent_;
  std::vector<std::string> languages_;
};

struct CellHtml {
  NumberFormat format;
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(const std::string& word) const { return html_text(word); }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(double number) const { return number_text(number, format); }
  std::string operator()(bool truth) const { return truth ? "✓" : "✗"; }
  std::string operator()(const Formula& formula) const { return formula_html("", formula.text, formula.latex); }
};

}  // namespace

std::vector<PageBlock> page_blocks(const Document& document) {
  std::vector<PageBlock> blocks;
  const auto add_text = [&blocks](const std::vector<std::string>& paragraphs) {
    if (paragraphs.empty()) return;
    blocks.emplace_back();
    blocks.back().paragraphs = paragraphs;
  };
  add_text(document.introduction);
  for (const Section& section : document.sections) {
    blocks.emplace_back();
    blocks.back().section = section;
  }
  add_text(document.closing);
  return blocks;
}

void write_page(Output& output, const std::vector<PageEdition>& editions, const PageStyle& style) {
  PageWriter(output, editions, style).write();
}

std::string table_html(const Table& table) {
  const auto align = [&table](std::size_t c) { return table.columns[c].alignment == Alignment::right ? " class=right" : ""; };
  std::string html = "<table class=attn-words><thead><tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c) html += "<th" + std::string(align(c)) + ">" + html_text(table.columns[c].title) + "</th>";
  html += "</tr></thead><tbody>";
  for (const std::vector<Cell>& row : table.rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      html += "<td" + std::string(align(c)) + ">" + (c < row.size() ? std::visit(CellHtml{table.columns[c].format}, row[c]) : "") + "</td>";
    }
    html += "</tr>";
  }
  return html + "</tbody></table>";
}

}  // namespace attn::render
