#include <attn/render/latex.hpp>

#include <attn/render/display_width.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/latex_text.hpp>
#include <attn/render/panel.hpp>

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

/// A number inside mathematics: 1.2346 \times 10^{-8}, -\infty.
std::string latex_number(const std::string& text) {
  if (text == "inf") return "\\infty";
  if (text == "-inf") return "-\\infty";
  if (text == "nan") return "\\mathrm{nan}";
  const std::size_t exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  std::string power = text.substr(exponent + 1);
  const bool negative = power.front() == '-';
  power.erase(0, power.find_first_not_of("+-0"));
  std::string factor = text.substr(0, exponent) + " \\times ";
  if (factor.rfind("1 ", 0) == 0 || factor.rfind("-1 ", 0) == 0) factor = text.front() == '-' ? "-" : "";
  return factor + "10^{" + (negative ? "-" : "") + (power.empty() ? "0" : power) + "}";
}

std::string cell(const PanelExcerpt& shown, std::size_t matrix, std::size_t row, std::size_t column) {
  if (row == gap || column == gap)
    return row == gap && column == gap ? "\\ddots" : row == gap ? "\\vdots" : "\\cdots";
  if (shown.panel.blank) return "\\underline{\\hspace{2em}}";
  return latex_number(
      shown.format.text(shown.matrices.at(matrix, row, column), shown.panel.tensor.precision()));
}

std::string label(const std::string& axis, const std::string& token) {
  return "\\text{" + latex_text(axis) + (axis.empty() || token.empty() ? "" : " ") + latex_text(token) + "}";
}

/// The rows between \begin and \end, each with its label in front on request.
void write_rows(Buffer& buffer, const PanelExcerpt& shown, std::size_t matrix, bool labels) {
  const std::vector<std::size_t> rows = places(shown.shown_rows);
  const std::vector<std::size_t> columns = places(shown.shown_columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t r = rows[i];
    if (labels) {
      buffer.append(r == gap ? "\\vdots" : label(shown.matrices.row_label(r), shown.matrices.row_token(r)));
      buffer.append(" & ");
    }
    for (std::size_t j = 0; j < columns.size(); ++j) {
      buffer.append((j > 0 ? " & " : "") + cell(shown, matrix, r, columns[j]));
    }
    buffer.append(i + 1 < rows.size() ? " \\\\\n" : "\n");
  }
}

void write_matrix(Buffer& buffer, const PanelExcerpt& shown, std::size_t matrix, bool labels) {
  const std::string caption = shown.matrices.caption(matrix);
  buffer.append("\\[\n");
  if (!caption.empty()) buffer.append("\\text{" + latex_text(caption) + "}\\quad\n");
  if (!labels) {
    buffer.append("\\begin{bmatrix}\n");
    write_rows(buffer, shown, matrix, false);
    buffer.append("\\end{bmatrix}\n\\]\n");
    return;
  }
  const std::vector<std::size_t> columns = places(shown.shown_columns);
  buffer.append("\\begin{array}{r|" + std::string(columns.size(), 'r') + "}\n");
  for (const std::size_t c : columns) {
    buffer.append(" & ");
    buffer.append(c == gap ? "\\cdots"
                           : label(shown.matrices.column_label(c), shown.matrices.column_token(c)));
  }
  buffer.append(" \\\\\n\\hline\n");
  write_rows(buffer, shown, matrix, true);
  buffer.append("\\end{array}\n\\]\n");
}

void write_panel(Buffer& buffer, const Panel& panel, const LatexStyle& style) {
  if (panel.tensor.size() == 0)
    return buffer.append("\\emph{" + latex_text(style.words.no_elements) + "}\n\n");
  const PanelExcerpt shown(panel, style.extent, style.decimals, style.words);
  // amsmath's matrices stop at ten columns unless told otherwise.
  const std::size_t columns = places(shown.shown_columns).size();
  if (columns > 10 && !style.labels)
    buffer.append("\\setcounter{MaxMatrixCols}{" + std::to_string(columns) + "}\n");
  for (const std::size_t m : places(shown.shown_matrices)) {
    if (m == gap) {
      buffer.append("\\[ \\vdots \\]\n");
    } else {
      write_matrix(buffer, shown, m, style.labels);
    }
  }
  const std::string remark = shown.remark(shown.shown_columns.shown());
  if (!remark.empty()) buffer.append("\\emph{" + latex_text(remark) + "}\n\n");
}

void write_paragraphs(Buffer& buffer, const std::vector<std::string>& paragraphs) {
  for (const std::string& paragraph : paragraphs) buffer.append(latex_text(paragraph) + "\n\n");
}

void write_section(Buffer& buffer, const Section& section, const LatexStyle& style) {
  const std::string number = section.number > 0 ? std::to_string(section.number) + ". " : "";
  buffer.append("\\section*{" + number + "\\texttt{" + latex_text(section.name) + "}}\n\n");
  const std::string equation = latex_equation(section.symbol, section.latex);
  if (!equation.empty()) buffer.append("\\begin{equation*}\n" + equation + "\n\\end{equation*}\n\n");
  if (section.panel) {
    buffer.append(latex_text(shape_line(section.panel->axes, section.panel->tensor.shape())) + "\n\n");
  }
  if (!section.meaning.empty()) buffer.append(latex_text(section.meaning) + "\n\n");
  if (!section.instance.empty()) buffer.append(latex_text(section.instance) + "\n\n");
  write_paragraphs(buffer, section.notes);
  if (!section.stand_in.empty()) {
    buffer.append("$=$ " + latex_text(section.stand_in) + "\n\n");
  } else if (section.panel) {
    write_panel(buffer, *section.panel, style);
  }
  for (const Check& check : section.checks) {
    buffer.append(latex_text(check.passed ? "✓ " : "✗ ") + latex_text(check.text) + "\n\n");
  }
}

bool has_wide_character(std::string_view text) {
  while (!text.empty()) {
    if (character_width(take_character(text)) == 2) return true;
  }
  return false;
}

/// Chinese text needs a package and an engine that plain pdflatex does not have.
bool needs_chinese(const Document& document) {
  const auto any_wide = [](const std::vector<std::string>& texts) {
    return std::any_of(texts.begin(), texts.end(), has_wide_character);
  };
  if (has_wide_character(document.title) || any_wide(document.introduction) || any_wide(document.closing))
    return true;
  return std::any_of(document.sections.begin(), document.sections.end(), [&](const Section& section) {
    const bool tokens =
        section.panel && (any_wide(section.panel->row_labels) || any_wide(section.panel->column_labels));
    return tokens || has_wide_character(section.meaning) || any_wide(section.notes);
  });
}

}  // namespace

void write_latex(Output& output, const Document& document, const LatexStyle& style) {
  Buffer buffer(output);
  if (style.standalone) {
    buffer.append("\\documentclass{article}\n\\usepackage{amsmath}\n");
    if (needs_chinese(document)) buffer.append("\\usepackage{ctex}  % compile with xelatex\n");
    buffer.append("\\begin{document}\n\n");
  }
  if (!document.title.empty()) buffer.append("\\section*{" + latex_text(document.title) + "}\n\n");
  write_paragraphs(buffer, document.introduction);
  for (const Section& section : document.sections) write_section(buffer, section, style);
  write_paragraphs(buffer, document.closing);
  if (style.standalone) buffer.append("\\end{document}\n");
  buffer.flush();
}

}  // namespace attn::render
