#include <attn/render/text.hpp>

#include <attn/render/display_width.hpp>
#include <attn/render/heatmap.hpp>
#include <attn/render/panel.hpp>
#include <attn/render/text_panel.hpp>

#include <algorithm>

namespace attn::render {
namespace {

constexpr std::size_t indent = 6;  ///< of everything below a heading: the width of "[1/8] "
constexpr int green = 34;
constexpr int red = 160;

void write_wrapped(Buffer& buffer, std::string_view text, std::size_t width, std::size_t margin,
                   std::string_view first = {}) {
  const std::size_t hanging = margin + display_width(first);
  bool at_first = true;
  for (const std::string& line : wrap(text, width - std::min(width, hanging))) {
    buffer.append(std::string(at_first ? margin : hanging, ' '));
    if (at_first) buffer.append(first);
    buffer.append(valid_utf8(line) + "\n");
    at_first = false;
  }
}

void write_paragraphs(Buffer& buffer, const std::vector<std::string>& paragraphs, std::size_t width,
                      std::size_t margin) {
  for (const std::string& paragraph : paragraphs) {
    write_wrapped(buffer, paragraph, width, margin);
    buffer.append('\n');
  }
}

/// "[3/8] scores_raw   S = Q·Kᵀ   (B, H, Lq, Lk) = (2, 1, 3, 5)"; what does not fit goes to a line below.
std::string heading(const Section& section, int count, const TextStyle& style) {
  std::string number;
  if (section.number > 0) number = "[" + std::to_string(section.number) + "/" + std::to_string(count) + "] ";
  // A formula in words may hold an equals sign of its own: "M: 0 = may attend, −inf = may not".
  const bool in_words = section.formula.find('=') != std::string::npos;
  std::string formula = section.symbol;
  if (!section.formula.empty()) formula += (formula.empty() ? "" : in_words ? ": " : " = ") + section.formula;
  const Panel* panel = section.panel ? &*section.panel : nullptr;
  const std::string shape = panel != nullptr ? shape_line(panel->axes, panel->tensor.shape()) : std::string();

  const std::string name = number + valid_utf8(section.name);
  std::string text = style.color ? bold(name) : name;
  std::size_t used = display_width(name);
  for (const std::string& part : {formula, shape}) {
    if (part.empty()) continue;
    const bool fits = used + 3 + display_width(part) <= style.width;
    text += (fits ? "   " : "\n" + std::string(indent, ' ')) + part;
    used = (fits ? used + 3 : indent) + display_width(part);
  }
  return text;
}

void write_check(Buffer& buffer, const Check& check, const TextStyle& style) {
  const std::string mark = check.passed ? "✓" : "✗";
  buffer.append(std::string(indent, ' ') + (style.color ? coloured(mark, check.passed ? green : red) : mark) +
                " ");
  const std::size_t hanging = indent + 2;
  std::size_t margin = 0;
  for (const std::string& line : wrap(check.text, style.width - hanging)) {
    buffer.append(std::string(margin, ' ') + valid_utf8(line) + "\n");
    margin = hanging;
  }
}

void write_section(Buffer& buffer, const Section& section, int count, const TextStyle& style) {
  buffer.append(heading(section, count, style) + "\n");
  if (!section.meaning.empty()) write_wrapped(buffer, section.meaning, style.width, indent);
  if (!section.instance.empty()) write_wrapped(buffer, section.instance, style.width, indent);
  buffer.append('\n');
  write_paragraphs(buffer, section.notes, style.width, indent);
  if (!section.stand_in.empty()) write_wrapped(buffer, section.stand_in, style.width, indent, "= ");
  if (!section.stand_in.empty()) buffer.append('\n');
  if (section.panel && section.stand_in.empty()) write_text_panel(buffer, *section.panel, style, indent);
  for (const Check& check : section.checks) write_check(buffer, check, style);
  if (!section.checks.empty()) buffer.append('\n');
}

}  // namespace

void write_text(Output& output, const Section& section, int count, const TextStyle& style) {
  Buffer buffer(output);
  write_section(buffer, section, count, style);
  buffer.flush();
}

void write_text(Output& output, const Document& document, const TextStyle& style) {
  Buffer buffer(output);
  if (!document.title.empty()) {
    buffer.append((style.color ? bold(document.title) : document.title) + "\n");
    std::string rule;
    for (std::size_t i = 0; i < style.width; ++i) rule += "═";
    buffer.append(rule + "\n\n");
  }
  write_paragraphs(buffer, document.introduction, style.width, 0);
  const int count =
      document.section_count > 0 ? document.section_count : static_cast<int>(document.sections.size());
  for (const Section& section : document.sections) write_section(buffer, section, count, style);
  write_paragraphs(buffer, document.closing, style.width, 0);
  buffer.flush();
}

}  // namespace attn::render
