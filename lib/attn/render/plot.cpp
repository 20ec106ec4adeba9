#include <attn/render/plot.hpp>

#include <attn/render/number.hpp>

#include <algorithm>
#include <cmath>

namespace attn::render {
namespace {

// Colours of lines before gnuplot begins again with the first.
constexpr std::size_t gnuplot_colours = 8;

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

std::string data_name(std::size_t plot, std::size_t curve) {
  return "$data" + std::to_string(plot + 1) + "_" + std::to_string(curve + 1);
}

std::string curve_data(const Plot& plot, const Curve& curve, const std::string& name) {
  std::string text = name + " << EOD\n";
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!is_drawn(curve.x[i], curve.y[i], plot)) continue;
    text += number_text(curve.x[i]) + " " + number_text(curve.y[i]) + (curve.error.empty() ? "" : " " + number_text(curve.error[i])) + "\n";
  }
  return text + "EOD\n";
}

std::string matrix_data(const TensorView& matrix, const std::string& name) {
  std::string text = name + " << EOD\n";
  const std::size_t columns = matrix.shape().back();
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    text += std::isfinite(matrix[i]) ? number_text(matrix, i) : "NaN";
    text += (i + 1) % columns == 0 ? "\n" : " ";
  }
  return text + "EOD\n";
}

std::string data_of(const Plot& plot, std::size_t number) {
  std::string text;
  for (std::size_t c = 0; c < plot.curves.size(); ++c) text += curve_data(plot, plot.curves[c], data_name(number, c));
  if (!plot.matrix.empty()) text += matrix_data(plot.matrix.front(), data_name(number, 0));
  return text;
}

// Where there are both signs, white is zero.
std::string colour_range(const TensorView& matrix) {
  double least = 0, most = 0;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    if (!std::isfinite(matrix[i])) continue;
    least = std::min(least, matrix[i]);
    most = std::max(most, matrix[i]);
  }
  if (least == 0 || most == 0) return "set cbrange [*:*]\n";
  const std::string largest = number_text(std::max(-least, most));
  return "set cbrange [-" + largest + ":" + largest + "]\n";
}

std::string style_of(const Curve& curve) {
  if (!curve.error.empty()) return std::string(" using 1:2:3 with ") + (curve.points ? "yerrorbars" : "yerrorlines");
  return std::string(" using 1:2 with ") + (curve.points ? "points" : "lines");
}

std::string commands_of(const Plot& plot, std::size_t number) {
  std::string text = "set title " + quoted(plot.title) + "\nset xlabel " + quoted(plot.x_label) + "\nset ylabel " +
                     quoted(plot.y_label) + "\n";
  text += plot.log_x ? "set logscale x\n" : "unset logscale x\n";
  text += plot.log_y ? "set logscale y\n" : "unset logscale y\n";
  text += "set format \"%g\"\n";
  const bool square = !plot.matrix.empty() && plot.matrix.front().shape()[0] == plot.matrix.front().shape()[1];
  text += square ? "set size square\n" : "set size nosquare\n";
  if (!plot.matrix.empty()) {
    text += "set yrange [*:*] reverse\nset autoscale xfix\nset autoscale yfix\nunset key\n"
            "set palette defined (-1 \"#2166ac\", 0 \"#f7f7f7\", 1 \"#b2182b\")\n";
    return text + colour_range(plot.matrix.front()) + "plot " + data_name(number, 0) + " matrix with image\n";
  }
  text += "set yrange [*:*] noreverse\nset autoscale\nset key outside\nplot ";
  for (std::size_t c = 0; c < plot.curves.size(); ++c) {
    text += (c == 0 ? "" : ", \\\n     ") + data_name(number, c) + style_of(plot.curves[c]) + " title " + quoted(plot.curves[c].title) + (c >= gnuplot_colours ? " dashtype 2" : "");
  }
  return text + "\n";
}

}  // namespace

bool is_drawn(double x, double y, const Plot& plot) {
  return std::isfinite(x) && std::isfinite(y) && !(plot.log_x && x <= 0) && !(plot.log_y && y <= 0);
}

std::string gnuplot_terminal(std::string_view extension) {
  if (extension == ".svg") return "set terminal svg size 800,600 noenhanced background \"white\"\n";
  if (extension == ".png") return "set terminal pngcairo size 1200,900 noenhanced\n";
  if (extension == ".pdf") return "set terminal pdfcairo size 16cm,12cm noenhanced\n";
  return "";
}

std::string gnuplot_script(const std::vector<Plot>& plots, std::string_view output) {
  std::string text(output);
  if (output.empty()) text = "# For a picture in a file: gnuplot -e \"set terminal pngcairo; set output 'picture.png'\" SCRIPT\n";
  for (std::size_t i = 0; i < plots.size(); ++i) text += data_of(plots[i], i);
  const bool many = plots.size() > 1;
  if (many) text += "set multiplot layout " + std::to_string(plots.size()) + ",1\n";
  for (std::size_t i = 0; i < plots.size(); ++i) text += commands_of(plots[i], i);
  if (many) text += "unset multiplot\n";
  return text;
}

}  // namespace attn::render
