#include <attn/render/markdown.hpp>

#include <attn/render/escape.hpp>
#include <attn/render/latex_text.hpp>
#include <attn/render/panel.hpp>

namespace attn::render {
namespace {

void write_paragraphs(Buffer& buffer, const std::vector<std::string>& paragraphs) {
  for (const std::string& paragraph : paragraphs) buffer.append(markdown_text(paragraph) + "\n\n");
}

std::string cell(const PanelExcerpt& shown, std::size_t matrix, std::size_t row, std::size_t column) {
  if (row == gap || column == gap) return row == gap && column == gap ? "⋱" : row == gap ? "⋮" : "…";
  if (shown.panel.blank) return "";
  return shown.format.text(shown.matrices.at(matrix, row, column), shown.panel.tensor.precision());
}

std::string joined(const std::string& label, const std::string& token) {
  return label.empty() || token.empty() ? label + token : label + " " + token;
}

void write_matrix(Buffer& buffer, const PanelExcerpt& shown, std::size_t matrix) {
  const std::vector<std::size_t> columns = places(shown.shown_columns);
  const std::string caption = shown.matrices.caption(matrix);
  if (!caption.empty()) buffer.append("**" + markdown_text(caption) + "**\n\n");
  buffer.append("| |");
  for (const std::size_t c : columns) {
    const Matrices& matrices = shown.matrices;
    const std::string label = c == gap ? "…" : joined(matrices.column_label(c), matrices.column_token(c));
    buffer.append(" " + markdown_text(label) + " |");
  }
  buffer.append("\n|:---|");
  for (std::size_t i = 0; i < columns.size(); ++i) buffer.append("---:|");
  for (const std::size_t r : places(shown.shown_rows)) {
    const std::string label =
        r == gap ? "⋮" : joined(shown.matrices.row_label(r), shown.matrices.row_token(r));
    buffer.append("\n| " + markdown_text(label) + " |");
    for (const std::size_t c : columns) buffer.append(" " + cell(shown, matrix, r, c) + " |");
  }
  buffer.append("\n\n");
}

void write_panel(Buffer& buffer, const Panel& panel, const MarkdownStyle& style) {
  if (panel.tensor.size() == 0) return buffer.append("*" + markdown_text(style.words.no_elements) + "*\n\n");
  const PanelExcerpt shown(panel, style.extent, style.decimals, style.words);
  for (const std::size_t m : places(shown.shown_matrices)) {
    if (m == gap) {
      buffer.append("⋮\n\n");
    } else {
      write_matrix(buffer, shown, m);
    }
  }
  const std::string remark = shown.remark(shown.shown_columns.shown());
  if (!remark.empty()) buffer.append("*" + markdown_text(remark) + "*\n\n");
}

void write_section(Buffer& buffer, const Section& section, const MarkdownStyle& style) {
  const std::string number = section.number > 0 ? std::to_string(section.number) + ". " : "";
  buffer.append("## " + number + "`" + section.name + "`\n\n");
  std::string line = latex_equation(section.symbol, section.latex);
  if (!line.empty()) line = "$" + line + "$";
  if (section.panel) {
    line += (line.empty() ? "" : " — ") +
            markdown_text(shape_line(section.panel->axes, section.panel->tensor.shape()));
  }
  if (!line.empty()) buffer.append(line + "\n\n");
  if (!section.meaning.empty()) buffer.append(markdown_text(section.meaning) + "\n\n");
  if (!section.instance.empty()) buffer.append(markdown_text(section.instance) + "\n\n");
  write_paragraphs(buffer, section.notes);
  if (!section.stand_in.empty()) {
    buffer.append("= " + markdown_text(section.stand_in) + "\n\n");
  } else if (section.panel) {
    write_panel(buffer, *section.panel, style);
  }
  for (const Check& check : section.checks) {
    buffer.append(std::string("- ") + (check.passed ? "✓ " : "✗ ") + markdown_text(check.text) + "\n");
  }
  if (!section.checks.empty()) buffer.append('\n');
}

}  // namespace

void write_markdown(Output& output, const Document& document, const MarkdownStyle& style) {
  Buffer buffer(output);
  if (!document.title.empty()) buffer.append("# " + markdown_text(document.title) + "\n\n");
  write_paragraphs(buffer, document.introduction);
  for (const Section& section : document.sections) write_section(buffer, section, style);
  write_paragraphs(buffer, document.closing);
  buffer.flush();
}

}  // namespace attn::render
