#include <attn/render/html_formula.hpp>

#include <attn/render/display_width.hpp>
#include <attn/render/escape.hpp>
#include <attn/render/latex_text.hpp>

#include <algorithm>
#include <utility>

namespace attn::render {
namespace {

constexpr std::pair<std::string_view, std::string_view> letters_of[] = {
    {"alpha", "α"}, {"beta", "β"}, {"gamma", "γ"}, {"delta", "δ"}, {"varepsilon", "ε"}, {"epsilon", "ε"}, {"theta", "θ"}, {"lambda", "λ"},
    {"mu", "μ"}, {"pi", "π"}, {"rho", "ρ"}, {"sigma", "σ"}, {"varphi", "φ"}, {"phi", "φ"}, {"Phi", "Φ"}, {"omega", "ω"}, {"infty", "∞"}};

constexpr std::pair<std::string_view, std::string_view> operators_of[] = {
    {"cdot", "·"}, {"times", "×"}, {"top", "⊤"}, {"circ", "∘"}, {"odot", "⊙"}, {"dots", "…"}, {"ldots", "…"}, {"cdots", "⋯"}, {"le", "≤"}, {"leq", "≤"},
    {"ge", "≥"}, {"geq", "≥"}, {"ne", "≠"}, {"to", "→"}, {"in", "∈"}, {"sum", "∑"}, {"surd", "√"}, {"|", "∥"}, {"{", "{"}, {"}", "}"}, {"lfloor", "⌊"},
    {"rfloor", "⌋"}, {"lceil", "⌈"}, {"rceil", "⌉"}, {"pm", "±"}, {"approx", "≈"}, {"left", ""}, {"right", ""}, {"bigl", ""}, {"bigr", ""}};

constexpr std::pair<std::string_view, std::string_view> spaces_of[] = {
    {",", "0.17em"}, {";", "0.28em"}, {":", "0.22em"}, {" ", "0.28em"}, {"quad", "1em"}, {"qquad", "2em"}};

constexpr std::string_view functions[] = {"sin", "cos", "tanh", "exp", "log", "max", "min", "ln"};

template <class Table>
const std::string_view* find_in(const Table& table, std::string_view name) {
  for (const auto& [key, value] : table) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string element(const char* name, std::string_view inside) { return "<" + std::string(name) + ">" + std::string(inside) + "</" + name + ">"; }
std::string leaf(const char* name, std::string_view text) { return element(name, html_text(text)); }

struct Unknown {};

class Parser {
 public:
  explicit Parser(std::string_view latex) : rest_(latex) {}

  /// Everything up to the end, or to the brace that closes this group.
  std::string sequence(bool in_group) {
    std::string html;
    while (true) {
      if (rest_.empty()) {
        if (in_group) throw Unknown{};
        return html;
      }
      if (rest_.front() == '}') {
        if (!in_group) throw Unknown{};
        rest_.remove_prefix(1);
        return html;
      }
      html += with_scripts();
    }
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }

  std::string with_scripts() {
    std::string base = atom(), below, above;
    while (!rest_.empty() && (rest_.front() == '^' || rest_.front() == '_' || rest_.front() == '\'')) {
      const char mark = rest_.front();
      rest_.remove_prefix(1);
      if (mark == '\'') {
        base += "<mo lspace=0 rspace=0>′</mo>";
      } else {
        (mark == '^' ? above : below) += argument();
      }
    }
    if (below.empty() && above.empty()) return base;
    const std::string parts = element("mrow", base) + (below.empty() ? "" : element("mrow", below)) + (above.empty() ? "" : element("mrow", above));
    return element(below.empty() ? "msup" : above.empty() ? "msub" : "msubsup", parts);
  }

  /// A group, or the one thing that stands here.
  std::string argument() {
    skip_spaces();
    return element("mrow", atom());
  }

  std::string atom() {
    if (rest_.empty()) throw Unknown{};
    const char first = rest_.front();
    if (first == '{') {
      rest_.remove_prefix(1);
      return element("mrow", sequence(true));
    }
    if (first == '\\') return command();
    if (first == '$' || first == '&' || first == '#' || first == '%' || first == '^' || first == '_') throw Unknown{};
    if (first == ' ') {
      skip_spaces();
      return {};
    }
    if (first >= '0' && first <= '9') return number();
    const char* const begin = rest_.data();
    take_character(rest_);
    const std::string_view character(begin, static_cast<std::size_t>(rest_.data() - begin));
    const bool is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || static_cast<unsigned char>(first) >= 0x80;
    return first == '-' ? "<mo>−</mo>" : leaf(is_letter ? "mi" : "mo", character);
  }

  std::string number() {
    std::size_t length = 0;
    while (length < rest_.size() && ((rest_[length] >= '0' && rest_[length] <= '9') || (rest_[length] == '.' && length + 1 < rest_.size() && rest_[length + 1] >= '0' && rest_[length + 1] <= '9'))) ++length;
    const std::string digits(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return leaf("mn", digits);
  }

  std::string_view command_name() {
    rest_.remove_prefix(1);
    std::size_t length = 0;
    while (length < rest_.size() && ((rest_[length] >= 'a' && rest_[length] <= 'z') || (rest_[length] >= 'A' && rest_[length] <= 'Z'))) ++length;
    if (length == 0) length = rest_.empty() ? 0 : 1;
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return name;
  }

  std::string command() {
    const std::string_view name = command_name();
    if (name == "frac" || name == "tfrac" || name == "dfrac") {
      const std::string above = argument();
      return element("mfrac", above + argument());
    }
    if (name == "sqrt") return element("msqrt", argument());
    if (name == "bar" || name == "hat") return "<mover accent=true>" + argument() + leaf("mo", name == "bar" ? "¯" : "^") + "</mover>";
    if (name == "mathrm" || name == "operatorname" || name == "mathit") return leaf("mi", word());
    if (name == "text") return text();
    if (const std::string_view* letter = find_in(letters_of, name)) return leaf("mi", *letter);
    if (const std::string_view* sign = find_in(operators_of, name)) return sign->empty() ? std::string() : leaf("mo", *sign);
    if (const std::string_view* width = find_in(spaces_of, name)) return "<mspace width=\"" + std::string(*width) + "\"></mspace>";
    if (std::find(std::begin(functions), std::end(functions), name) != std::end(functions)) return leaf("mi", name);
    throw Unknown{};
  }

  /// What stands between braces, taken as it is.
  std::string_view word() {
    skip_spaces();
    const std::size_t end = rest_.find('}');
    if (rest_.empty() || rest_.front() != '{' || end == std::string_view::npos) throw Unknown{};
    const std::string_view inside = rest_.substr(1, end - 1);
    if (inside.find_first_of("{\\") != std::string_view::npos) throw Unknown{};
    rest_.remove_prefix(end + 1);
    return inside;
  }

  /// Words, with formulas between dollar signs.
  std::string text() {
    skip_spaces();
    if (rest_.empty() || rest_.front() != '{') throw Unknown{};
    rest_.remove_prefix(1);
    std::string html, words;
    while (!rest_.empty() && rest_.front() != '}') {
      if (rest_.front() == '$') {
        const std::size_t end = rest_.find('$', 1);
        if (end == std::string_view::npos) throw Unknown{};
        html += spaced(words) + Parser(rest_.substr(1, end - 1)).sequence(false);
        words.clear();
        rest_.remove_prefix(end + 1);
      } else if (rest_.front() == '\\') {
        throw Unknown{};
      } else {
        words += rest_.front();
        rest_.remove_prefix(1);
      }
    }
    if (rest_.empty()) throw Unknown{};
    rest_.remove_prefix(1);
    return element("mrow", html + spaced(words));
  }

  // MathML drops spaces at the edges of a text.
  static std::string spaced(std::string words) {
    for (const std::size_t at : {std::size_t{0}, words.size()}) {
      if (words.empty()) return {};
      if (at == 0 && words.front() == ' ') words.replace(0, 1, "\u00a0");
      if (at > 0 && words.back() == ' ') words.replace(words.size() - 1, 1, "\u00a0");
    }
    return leaf("mtext", words);
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::string> mathml(std::string_view latex) {
  try {
    return Parser(latex).sequence(false);
  } catch (const Unknown&) {
    return std::nullopt;
  }
}

std::string formula_html(std::string_view symbol, std::string_view text, std::string_view latex) {
  if (!latex.empty()) {
    if (const auto math = mathml(latex_equation(symbol, latex))) return "<math>" + *math + "</math>";
  }
  std::string plain(symbol);
  if (!text.empty()) plain += (symbol.empty() ? "" : " = ") + std::string(text);
  return "<span class=plain>" + html_text(plain) + "</span>";
}

}  // namespace attn::render
