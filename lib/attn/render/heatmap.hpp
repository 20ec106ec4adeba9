// Heat shading for terminals of 256 colours.
#pragma once

#include <attn/render/document.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

/// Background and foreground of one cell, as numbers of the 256-colour palette. Both are set, so that
/// the digits can be read on light and on dark terminals alike.
struct Shade {
  int background;
  int foreground;
};

/// The shades of a scale, from its lowest value to its highest; empty for Shading::none.
const std::vector<Shade>& shades(Shading shading);

/// The shade of a value; none for NaN, infinities and anything outside the scale.
/// largest: the m of Shading::diverging; unused by the others.
std::optional<Shade> shade_of(double value, Shading shading, double largest);

/// The text between escape sequences that set and reset the colours.
std::string shaded(std::string_view text, Shade shade);
std::string dimmed(std::string_view text);
std::string bold(std::string_view text);
std::string coloured(std::string_view text, int foreground);

}  // namespace attn::render
