#include <attn/render/latex_text.hpp>

#include <attn/render/display_width.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace attn::render {
namespace {

// One character a row, and what stands for it.
constexpr std::pair<std::string_view, std::string_view> commands[] = {
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\$"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"%", "\\%"},
    {"_", "\\_"},
    {"^", "\\textasciicircum{}"},
    {"~", "\\textasciitilde{}"},
    {"<", "$<$"},
    {">", "$>$"},
    {"|", "$|$"},
    {"·", "$\\cdot$"},
    {"×", "$\\times$"},
    {"÷", "$\\div$"},
    {"±", "$\\pm$"},
    {"−", "$-$"},
    {"∘", "$\\circ$"},
    {"⊙", "$\\odot$"},
    {"√", "$\\surd$"},
    {"½", "$\\frac12$"},
    {"≤", "$\\le$"},
    {"≥", "$\\ge$"},
    {"≠", "$\\ne$"},
    {"≈", "$\\approx$"},
    {"→", "$\\to$"},
    {"←", "$\\gets$"},
    {"↓", "$\\downarrow$"},
    {"↑", "$\\uparrow$"},
    {"∞", "$\\infty$"},
    {"∥", "$\\|$"},
    {"⌈", "$\\lceil$"},
    {"⌉", "$\\rceil$"},
    {"⌊", "$\\lfloor$"},
    {"⌋", "$\\rfloor$"},
    {"‰", "\\textperthousand{}"},
    {"µ", "$\\mu$"},
    {"Σ", "$\\sum$"},
    {"γ", "$\\gamma$"},
    {"δ", "$\\delta$"},
    {"Δ", "$\\Delta$"},
    {"ε", "$\\varepsilon$"},
    {"β", "$\\beta$"},
    {"α", "$\\alpha$"},
    {"η", "$\\eta$"},
    {"θ", "$\\theta$"},
    {"λ", "$\\lambda$"},
    {"ℓ", "$\\ell$"},
    {"π", "$\\pi$"},
    {"σ", "$\\sigma$"},
    {"φ", "$\\varphi$"},
    {"ω", "$\\omega$"},
    {"μ", "$\\mu$"},
    {"Ā", "$\\bar A$"},
    {"ᵀ", "$^\\top$"},
    {"′", "$'$"},
    {"″", "$''$"},
    {"‴", "$'''$"},
    {"⁺", "$^+$"},
    {"⁻", "$^-$"},
    {"ⁿ", "$^n$"},
    {"⁰", "$^0$"},
    {"¹", "$^1$"},
    {"²", "$^2$"},
    {"³", "$^3$"},
    {"⁴", "$^4$"},
    {"⁵", "$^5$"},
    {"⁶", "$^6$"},
    {"⁷", "$^7$"},
    {"⁸", "$^8$"},
    {"⁹", "$^9$"},
    {"₀", "$_0$"},
    {"₁", "$_1$"},
    {"₂", "$_2$"},
    {"₃", "$_3$"},
    {"₄", "$_4$"},
    {"₅", "$_5$"},
    {"₆", "$_6$"},
    {"₇", "$_7$"},
    {"₈", "$_8$"},
    {"₉", "$_9$"},
    {"…", "\\ldots{}"},
    {"⋮", "$\\vdots$"},
    {"✓", "$\\surd$"},
    {"✗", "$\\times$"},
    {"─", "-"},
    {"│", "$|$"},
    {"█", "\\rule{1ex}{1.5ex}"},
};

std::string_view latex_of(std::string_view character) {
  const auto* row = std::find_if(std::begin(commands), std::end(commands),
                                 [&](const auto& command) { return command.first == character; });
  return row == std::end(commands) ? character : row->second;
}

// LaTeX has two double quotes; the opening one stands where a word can begin.
std::string_view quote_behind(std::string_view before) {
  const bool opens = before.empty() || std::string_view(" \n([{-/").find(before.back()) != std::string_view::npos;
  return opens ? "``" : "''";
}

}  // namespace

std::string latex_text(std::string_view text) {
  const std::string valid = valid_utf8(text);
  std::string escaped;
  for (std::string_view rest = valid; !rest.empty();) {
    const char* const begin = rest.data();
    take_character(rest);
    const std::string_view character(begin, static_cast<std::size_t>(rest.data() - begin));
    const std::string_view before(valid.data(), static_cast<std::size_t>(begin - valid.data()));
    escaped += character == "\"" ? quote_behind(before) : latex_of(character);
  }
  return escaped;
}

std::string latex_symbol(std::string_view symbol) {
  static const std::pair<std::string_view, std::string_view> marks[] = {
      {"′", "'"},           {"″", "''"},       {"‴", "'''"},       {"⁺", "^{+}"},     {"∥", "^{\\|}"},  {"°", "^{\\circ}"},
      {"²", "^2"},          {"Ā", "\\bar A"},  {"R̂", "\\hat R"},   {"X̂", "\\hat X"},  {"μ", "\\mu"},    {"σ", "\\sigma"},
      {"ρ", "\\rho"},       {"γ", "\\gamma"},  {"β", "\\beta"},    {"_past", "_{past}"},
      {"∇", "\\nabla "}};
  std::string latex(symbol);
  for (const auto& [mark, command] : marks) {
    const std::size_t at = latex.find(mark);
    if (at != std::string::npos) latex.replace(at, mark.size(), command);
  }
  return latex;
}

std::string latex_equation(std::string_view symbol, std::string_view latex) {
  const std::string left = latex_symbol(symbol);
  const bool stands_alone = symbol.empty() || latex.empty() || left == latex ||
                            symbol.find(' ') != std::string_view::npos || latex.find('=') != std::string_view::npos;
  return stands_alone ? std::string(latex) : left + " = " + std::string(latex);
}

bool has_wide_character(std::string_view text) {
  while (!text.empty()) {
    if (character_width(take_character(text)) == 2) return true;
  }
  return false;
}

std::string latex_needs(bool wide_characters) {
  return std::string("% needs \\usepackage{amsmath}") + (wide_characters ? " and \\usepackage{ctex}, compiled with xelatex\n" : "\n");
}

}  // namespace attn::render
