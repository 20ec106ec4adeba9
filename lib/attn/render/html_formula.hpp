// Formulas on a page: the LaTeX of this project's tables as MathML, which browsers set by themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace attn::render {

/// The MathML of a formula, without <math>. Knows the part of LaTeX that formulas of this project are written
/// in: letters, numbers, operators, ^ _ ', groups, \frac \sqrt \mathrm \text \bar \hat, Greek letters and named
/// operators. Empty for anything else.
std::optional<std::string> mathml(std::string_view latex);

/// "S = Q·Kᵀ" as <math>; where the LaTeX says less or cannot be read, as text. Everything is escaped.
std::string formula_html(std::string_view symbol, std::string_view text, std::string_view latex);

}  // namespace attn::render
