#include <attn/render/heatmap.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace attn::render;

TEST_CASE("a larger weight never gets a lighter shade") {
  const auto& scale = shades(Shading::unit);
  CHECK(shade_of(0, Shading::unit, 0)->background == scale.front().background);
  CHECK(shade_of(1, Shading::unit, 0)->background == scale.back().background);
  std::size_t before = 0;
  for (double weight = 0; weight <= 1; weight += 0.01) {
    const int background = shade_of(weight, Shading::unit, 0)->background;
    std::size_t level = 0;
    while (scale[level].background != background) ++level;
    CHECK(level >= before);
    before = level;
  }
}

TEST_CASE("the diverging scale is lightest at zero and reaches its ends at plus and minus the largest") {
  const auto& scale = shades(Shading::diverging);
  CHECK(shade_of(0, Shading::diverging, 3)->background == scale[scale.size() / 2].background);
  CHECK(shade_of(-3, Shading::diverging, 3)->background == scale.front().background);
  CHECK(shade_of(3, Shading::diverging, 3)->background == scale.back().background);
  CHECK(shade_of(0, Shading::diverging, 0).has_value());
}

TEST_CASE("what has no place on the scale is not shaded") {
  CHECK_FALSE(shade_of(-std::numeric_limits<double>::infinity(), Shading::diverging, 3).has_value());
  CHECK_FALSE(shade_of(std::nan(""), Shading::unit, 1).has_value());
  CHECK_FALSE(shade_of(-1e9, Shading::diverging, 3).has_value());
  CHECK_FALSE(shade_of(1.5, Shading::unit, 0).has_value());
  CHECK_FALSE(shade_of(0.5, Shading::none, 1).has_value());
  // A softmax row of one key may come out a rounding above 1.
  CHECK(shade_of(1 + 1e-7, Shading::unit, 0).has_value());
}

TEST_CASE("digits contrast with every shade by at least 4.5 to 1, the WCAG bound for text") {
  // Colours 16 to 231 are a cube of levels 0, 95, 135, 175, 215, 255; 232 to 255 a grey ramp 8 + 10·i.
  const auto luminance = [](int colour) {
    const auto linear = [](int level) {
      const double c = level / 255.0;
      return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    if (colour >= 232) return linear(8 + 10 * (colour - 232));
    const auto level = [](int step) { return step == 0 ? 0 : 55 + 40 * step; };
    const int index = colour - 16;
    return 0.2126 * linear(level(index / 36)) + 0.7152 * linear(level(index / 6 % 6)) +
           0.0722 * linear(level(index % 6));
  };
  for (const Shading shading : {Shading::unit, Shading::diverging}) {
    for (const Shade& shade : shades(shading)) {
      const double a = luminance(shade.background) + 0.05, b = luminance(shade.foreground) + 0.05;
      CAPTURE(shade.background);
      CHECK(std::max(a, b) / std::min(a, b) >= 4.5);
    }
  }
}

TEST_CASE("escape sequences surround the text and are closed") {
  CHECK(shaded("x", {255, 16}) == "\x1b[48;5;255;38;5;16mx\x1b[0m");
  CHECK(bold("x") == "\x1b[1mx\x1b[0m");
}
