// Pictures: what is to be drawn as plain data, its gnuplot script with the data inside, and drawings of
// block and Braille characters for terminals.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

struct Curve {
  std::string title;
  std::vector<double> x, y;  ///< of equal length; points that are not finite are left out
  bool points = false;       ///< marks instead of a line: measurements
  std::vector<double> error{};  ///< half the length of each point's error bar; empty: none. Not drawn on terminals
};

/// Curves over a common x axis, or a matrix as a heat map with its first row on top.
struct Plot {
  std::string title, x_label, y_label;
  bool log_x = false, log_y = false;  ///< of curves; points that are not positive are left out
  std::vector<Curve> curves{};
  std::vector<TensorView> matrix{};  ///< empty, or one tensor of rank 2: a heat map
};

/// Whether a point of the plot's curves is drawn: finite, and positive along a logarithmic axis.
bool is_drawn(double x, double y, const Plot& plot);

/// The whole script: labels, data as named blocks, plot commands. Numbers read back exactly. `output` goes
/// before it (see gnuplot_terminal); without it the script draws wherever gnuplot draws by default.
/// Several plots go below each other on one page.
std::string gnuplot_script(const std::vector<Plot>& plots, std::string_view output = {});

/// "set terminal …" for .svg, .png or .pdf; empty for any other extension.
std::string gnuplot_terminal(std::string_view extension);

/// Curves drawn with Braille dots, 2 × 4 in a character, with the range of both axes; each curve has its
/// own colour where there is colour.
std::string terminal_curves(const Plot& plot, std::size_t width, std::size_t height, bool color);

/// A matrix drawn with block characters, light to dark (coloured: diverging around zero), averaged to at
/// most width × height characters.
std::string terminal_heatmap(const TensorView& matrix, std::size_t width, std::size_t height, bool color);

}  // namespace attn::render
