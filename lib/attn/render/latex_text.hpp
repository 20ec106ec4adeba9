// Text and equations as LaTeX spells them.
#pragma once

#include <string>
#include <string_view>

namespace attn::render {

/// For running text of LaTeX: its ten special characters are escaped, and mathematical characters
/// (· → √ ᵀ ω ⌈ ⁵ …) become commands, so that plain pdflatex accepts them. Malformed UTF-8 becomes U+FFFD.
std::string latex_text(std::string_view text);

/// A symbol of the step table inside a formula: S‴ is S''', Z∥ is Z^{\\|}, μ is \\mu.
std::string latex_symbol(std::string_view symbol);

/// "S'' = c \\tanh(S' / c)" from a symbol and the LaTeX of its right side. The symbol is left out where the
/// formula has an equals sign of its own or is nothing but the symbol, or where the symbol is itself a formula.
std::string latex_equation(std::string_view symbol, std::string_view latex);

}  // namespace attn::render
