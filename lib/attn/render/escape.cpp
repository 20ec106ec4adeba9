#include <attn/render/escape.hpp>

#include <attn/render/display_width.hpp>

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

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char character : valid_utf8(text)) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

}  // namespace attn::render
