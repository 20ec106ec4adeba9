// How arbitrary text is spelled inside each format. Malformed UTF-8 comes out as U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace attn::render {

/// RFC 4180: quoted only if it holds a comma, a quote, a line break or an outer space.
std::string csv_field(std::string_view text);

/// With its quotes, as RFC 8259 asks.
std::string json_string(std::string_view text);

/// For running text and table cells of Markdown: | \ ` * _ < > # $ and brackets are escaped.
std::string markdown_text(std::string_view text);

/// For running text of LaTeX: its ten special characters are escaped, and the mathematical characters
/// of this project's formulas (· → √ ᵀ …) become commands, so that plain pdflatex accepts them.
std::string latex_text(std::string_view text);

/// "S'' = c \\tanh(S' / c)" from a symbol and the LaTeX of its right side. The symbol is left out where the
/// formula has an equals sign of its own, or where the symbol is itself a formula or a name with an index.
std::string latex_equation(std::string_view symbol, std::string_view latex);

}  // namespace attn::render
