#include <attn/render/heatmap.hpp>
#include <attn/render/plot.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace attn::render {
namespace {

struct Range {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();

  void see(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  /// The place of a value among `steps` equal parts of the range.
  std::size_t place(double value, std::size_t steps) const {
    if (!(most > least)) return 0;
    const double part = (value - least) / (most - least) * static_cast<double>(steps - 1);
    return static_cast<std::size_t>(std::lround(part));
  }
};

double on_axis(double value, bool is_log) { return is_log ? std::log10(value) : value; }

std::string utf8(char32_t character) {
  return {static_cast<char>(0xE0 | (character >> 12)), static_cast<char>(0x80 | ((character >> 6) & 0x3F)),
          static_cast<char>(0x80 | (character & 0x3F))};
}

// One character holds 2 × 4 dots; Unicode numbers them 1 2 3 7 down the left and 4 5 6 8 down the right.
char32_t dot(std::size_t x, std::size_t y) {
  constexpr char32_t dots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  return dots[y][x];
}

struct Canvas {
  std::size_t width, height;
  std::vector<char32_t> dots = std::vector<char32_t>(width * height);
  std::vector<std::size_t> owner = std::vector<std::size_t>(width * height);

  void set(std::size_t x, std::size_t y, std::size_t curve) {
    const std::size_t cell = y / 4 * width + x / 2;
    dots[cell] |= dot(x % 2, y % 4);
    owner[cell] = curve;
  }
  // A straight line between two points of the canvas, both included.
  void line(std::size_t x0, std::size_t y0, std::size_t x1, std::size_t y1, std::size_t curve) {
    const auto gap = [](std::size_t a, std::size_t b) { return a > b ? a - b : b - a; };
    const std::size_t steps = std::max({gap(x0, x1), gap(y0, y1), std::size_t{1}});
    for (std::size_t i = 0; i <= steps; ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(steps);
      const auto between = [part](std::size_t a, std::size_t b) {
        return static_cast<std::size_t>(std::lround(static_cast<double>(a) * (1 - part) + static_cast<double>(b) * part));
      };
      set(between(x0, x1), between(y0, y1), curve);
    }
  }
};

constexpr int curve_colours[] = {33, 208, 34, 196, 129, 94, 51, 226, 205, 244};

void draw(Canvas& canvas, const Plot& plot, const Curve& curve, std::size_t number, const Range& xs, const Range& ys) {
  bool has_last = false;
  std::size_t last_x = 0, last_y = 0;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!is_drawn(curve.x[i], curve.y[i], plot)) continue;
    const std::size_t rows = canvas.height * 4;
    const std::size_t x = xs.place(on_axis(curve.x[i], plot.log_x), canvas.width * 2);
    const std::size_t y = rows - 1 - ys.place(on_axis(curve.y[i], plot.log_y), rows);
    canvas.line(has_last ? last_x : x, has_last ? last_y : y, x, y, number);
    has_last = true;
    last_x = x;
    last_y = y;
  }
}

// Four significant digits.
std::string short_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string range_text(const char* axis, const Range& range, bool is_log) {
  const auto back = [is_log](double value) { return short_text(is_log ? std::pow(10.0, value) : value); };
  return std::string(axis) + " " + back(range.least) + " … " + back(range.most);
}

}  // namespace

std::string terminal_curves(const Plot& plot, std::size_t width, std::size_t height, bool color) {
  Range xs, ys;
  for (const Curve& curve : plot.curves) {
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      if (!is_drawn(curve.x[i], curve.y[i], plot)) continue;
      xs.see(on_axis(curve.x[i], plot.log_x));
      ys.see(on_axis(curve.y[i], plot.log_y));
    }
  }
  if (xs.least > xs.most) return "";
  Canvas canvas{width, height};
  for (std::size_t c = 0; c < plot.curves.size(); ++c) draw(canvas, plot, plot.curves[c], c, xs, ys);
  std::string text = plot.title + "\n";
  const auto painted = [color](const std::string& piece, std::size_t curve) {
    return color ? coloured(piece, curve_colours[curve % std::size(curve_colours)]) : piece;
  };
  for (std::size_t row = 0; row < height; ++row) {
    for (std::size_t column = 0; column < width; ++column) {
      const std::size_t cell = row * width + column;
      text += canvas.dots[cell] == 0 ? utf8(0x2800) : painted(utf8(0x2800 + canvas.dots[cell]), canvas.owner[cell]);
    }
    text += "\n";
  }
  text += range_text(plot.x_label.c_str(), xs, plot.log_x) + "    " + range_text(plot.y_label.c_str(), ys, plot.log_y) + "\n";
  for (std::size_t c = 0; c < plot.curves.size(); ++c) text += painted("── " + plot.curves[c].title, c) + "  ";
  return text + "\n";
}

std::string terminal_heatmap(const TensorView& matrix, std::size_t width, std::size_t height, bool color) {
  const std::size_t rows = matrix.shape().front(), columns = matrix.shape().back();
  const std::size_t shown_rows = std::min(rows, height), shown_columns = std::min(columns, width);
  Range range;
  std::vector<double> means;
  for (std::size_t r = 0; r < shown_rows; ++r) {
    for (std::size_t c = 0; c < shown_columns; ++c) {
      double sum = 0;
      std::size_t count = 0;
      for (std::size_t i = r * rows / shown_rows; i < (r + 1) * rows / shown_rows; ++i) {
        for (std::size_t k = c * columns / shown_columns; k < (c + 1) * columns / shown_columns; ++k, ++count) sum += matrix[i * columns + k];
      }
      means.push_back(sum / static_cast<double>(count));
      if (std::isfinite(means.back())) range.see(means.back());
    }
  }
  const double largest = std::max(std::abs(range.least), std::abs(range.most));
  static const char* const blocks[] = {" ", "░", "▒", "▓", "█"};
  std::string text;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const auto shade = color ? shade_of(means[i], Shading::diverging, largest) : std::nullopt;
    if (shade) {
      text += shaded(" ", *shade);
    } else {
      text += std::isfinite(means[i]) ? blocks[range.place(means[i], std::size(blocks))] : "?";
    }
    if ((i + 1) % shown_columns == 0) text += "\n";
  }
  if (range.least > range.most) return text;
  return text + blocks[0] + "▏" + short_text(range.least) + "    " + blocks[4] + " " + short_text(range.most) + "\n";
}

}  // namespace attn::render
