#include <attn/render/heatmap.hpp>

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

constexpr int black = 16;
constexpr int white = 231;
constexpr int grey = 244;  // legible on black and on white
constexpr std::string_view reset = "\x1b[0m";

std::string sequence(const std::string& codes, std::string_view text) {
  return "\x1b[" + codes + "m" + std::string(text) + std::string(reset);
}

/// 0 … count − 1 for t in [0, 1].
std::size_t level(double t, std::size_t count) {
  return std::min(static_cast<std::size_t>(t * static_cast<double>(count)), count - 1);
}

}  // namespace

const std::vector<Shade>& shades(Shading shading) {
  static const std::vector<Shade> no_shades;
  // The palette's cube steps from near-white to navy; digits turn white where the blue gets dark.
  static const std::vector<Shade> unit = {{255, black}, {189, black}, {153, black}, {117, black},
                                          {75, black},  {33, black},  {26, white},  {19, white}};
  static const std::vector<Shade> diverging = {{124, white}, {167, black}, {210, black}, {217, black},
                                               {224, black}, {255, black}, {189, black}, {153, black},
                                               {111, black}, {68, black},  {26, white}};
  if (shading == Shading::unit) return unit;
  return shading == Shading::diverging ? diverging : no_shades;
}

std::optional<Shade> shade_of(double value, Shading shading, double largest) {
  const std::vector<Shade>& scale = shades(shading);
  if (scale.empty() || !std::isfinite(value)) return std::nullopt;
  double t = value;
  if (shading == Shading::diverging) t = largest > 0 ? (value / largest + 1) / 2 : 0.5;
  // A weight may pass 0 or 1 by its rounding.
  constexpr double rounding = 1e-6;
  if (t < -rounding || t > 1 + rounding) return std::nullopt;
  return scale[level(std::max(t, 0.0), scale.size())];
}

std::string shaded(std::string_view text, Shade shade) {
  return sequence("48;5;" + std::to_string(shade.background) + ";38;5;" + std::to_string(shade.foreground),
                  text);
}
std::string coloured(std::string_view text, int foreground) {
  return sequence("38;5;" + std::to_string(foreground), text);
}
std::string dimmed(std::string_view text) { return coloured(text, grey); }
std::string bold(std::string_view text) { return sequence("1", text); }

}  // namespace attn::render
