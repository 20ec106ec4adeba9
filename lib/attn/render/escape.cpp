#include <attn/render/escape.hpp>

#include <attn/render/display_width.hpp>

#include <utility>

namespace attn::render {

std::string csv_field(std::string_view text) {
  const std::string valid = valid_utf8(text);
  const bool outer_space = !valid.empty() && (valid.front() == ' ' || valid.back() == ' ');
  if (!outer_space && valid.find_first_of(",\"\r\n") == std::string::npos) return valid;
  std::string quoted = "\"";
  for (const char character : valid)
    quoted += character == '"' ? std::string("\"\"") : std::string(1, character);
  return quoted + "\"";
}

std::string json_string(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char character : valid_utf8(text)) {
    switch (character) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(character) < 0x20) {
          quoted += "\\u00";
          quoted += hex[(character >> 4) & 0xF];
          quoted += hex[character & 0xF];
        } else {
          quoted += character;
        }
    }
  }
  return quoted + "\"";
}

std::string markdown_text(std::string_view text) {
  static constexpr std::string_view special = "\\`*_[]<>#|$";
  std::string escaped;
  for (const char character : valid_utf8(text)) {
    if (special.find(character) != std::string_view::npos) escaped += '\\';
    escaped += character == '\n' ? ' ' : character;
  }
  return escaped;
}

std::string latex_text(std::string_view text) {
  static const std::pair<std::string_view, std::string_view> replacements[] = {{"\\", "\\textbackslash{}"},
                                                                               {"{", "\\{"},
                                                                               {"}", "\\}"},
                                                                               {"$", "\\$"},
                                                                               {"&", "\\&"},
                                                                               {"#", "\\#"},
                                                                               {"%", "\\%"},
                                                                               {"_", "\\_"},
                                                                               {"^", "\\textasciicircum{}"},
                                                                               {"~", "\\textasciitilde{}"},
                                                                               {"·", "$\\cdot$"},
                                                                               {"×", "$\\times$"},
                                                                               {"→", "$\\to$"},
                                                                               {"−", "$-$"},
                                                                               {"√", "$\\surd$"},
                                                                               {"∞", "$\\infty$"},
                                                                               {"≤", "$\\le$"},
                                                                               {"≥", "$\\ge$"},
                                                                               {"≠", "$\\ne$"},
                                                                               {"≈", "$\\approx$"},
                                                                               {"⊙", "$\\odot$"},
                                                                               {"∥", "$\\|$"},
                                                                               {"ᵀ", "$^\\top$"},
                                                                               {"⁺", "$^+$"},
                                                                               {"‴", "$'''$"},
                                                                               {"″", "$''$"},
                                                                               {"′", "$'$"},
                                                                               {"²", "$^2$"},
                                                                               {"…", "\\ldots{}"},
                                                                               {"Ā", "$\\bar A$"},
                                                                               {"✓", "$\\surd$"},
                                                                               {"✗", "$\\times$"},
                                                                               {"<", "$<$"},
                                                                               {">", "$>$"},
                                                                               {"|", "$|$"}};
  const std::string valid = valid_utf8(text);
  std::string escaped;
  for (std::size_t i = 0; i < valid.size();) {
    std::string_view rest = std::string_view(valid).substr(i);
    std::size_t taken = 1;
    std::string_view written = rest.substr(0, 1);
    for (const auto& [character, command] : replacements) {
      if (rest.substr(0, character.size()) != character) continue;
      taken = character.size();
      written = command;
      break;
    }
    escaped += written;
    i += taken;
  }
  return escaped;
}

std::string latex_equation(std::string_view symbol, std::string_view latex) {
  const bool stands_alone = symbol.empty() || latex.empty() || symbol == latex ||
                            symbol.find('_') != std::string_view::npos ||
                            latex.find('=') != std::string_view::npos;
  if (stands_alone) return std::string(latex);
  static const std::pair<std::string_view, std::string_view> marks[] = {
      {"′", "'"}, {"″", "''"}, {"‴", "'''"}, {"⁺", "^{+}"}, {"∥", "^{\\|}"}, {"Ā", "\\bar A"}};
  std::string left(symbol);
  for (const auto& [mark, command] : marks) {
    const std::size_t at = left.find(mark);
    if (at != std::string::npos) left.replace(at, mark.size(), command);
  }
  return left + " = " + std::string(latex);
}

}  // namespace attn::render
