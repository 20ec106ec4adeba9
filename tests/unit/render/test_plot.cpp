#include <attn/render/plot.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;
using namespace attn::render;

TEST_CASE("the script holds the data, each number reading back, without what cannot be drawn") {
  Plot plot{"a \"title\"", "x", "y"};
  plot.curves = {{"one", {0, 1, 2}, {0.1, std::numeric_limits<double>::quiet_NaN(), 3}}};
  const std::string script = gnuplot_script({plot});
  CHECK(script.find("\n$data1_1 << EOD\n0 0.1\n2 3\nEOD\n") == script.find('\n'));
  CHECK(script.find("set title \"a \\\"title\\\"\"\n") != std::string::npos);
  CHECK(script.find("using 1:2 with lines title \"one\"") != std::string::npos);
}

TEST_CASE("on logarithmic axes points that are not positive are left out") {
  Plot plot{"t", "x", "y", false, true};
  plot.curves = {{"one", {0, 1}, {0, 10}}};
  const std::string script = gnuplot_script({plot});
  CHECK(script.find("EOD\n1 10\nEOD\n") != std::string::npos);
  CHECK(script.find("set logscale y\n") != std::string::npos);
}

TEST_CASE("a curve with errors is drawn with a bar at every point") {
  Plot plot{"t", "x", "y"};
  plot.curves = {{"line", {0, 1}, {2, 3}, false, {0.5, 0.25}}, {"marks", {0}, {1}, true, {4}}};
  const std::string script = gnuplot_script({plot});
  CHECK(script.find("\n$data1_1 << EOD\n0 2 0.5\n1 3 0.25\nEOD\n") == script.find('\n'));
  CHECK(script.find("using 1:2:3 with yerrorlines title \"line\"") != std::string::npos);
  CHECK(script.find("using 1:2:3 with yerrorbars title \"marks\"") != std::string::npos);
}

TEST_CASE("white is zero where a matrix has both signs, and the middle otherwise") {
  const Tensor<double> both = {{-1, 4}}, one = {{2, 4}};
  CHECK(gnuplot_script({{"t", "x", "y", false, false, {}, {both}}}).find("set cbrange [-4:4]\n") != std::string::npos);
  CHECK(gnuplot_script({{"t", "x", "y", false, false, {}, {one}}}).find("set cbrange [*:*]\n") != std::string::npos);
}

TEST_CASE("from the ninth curve on, which repeats a colour, lines are dashed") {
  Plot plot{"t", "x", "y"};
  for (int i = 0; i < 9; ++i) plot.curves.push_back({std::to_string(i), {0, 1}, {0, 1}});
  const std::string script = gnuplot_script({plot});
  CHECK(script.find("title \"7\" dashtype") == std::string::npos);
  CHECK(script.find("title \"8\" dashtype 2") != std::string::npos);
}

TEST_CASE("a matrix is a heat map, and several plots share a page") {
  const Tensor<double> matrix = {{1, 2}, {3, 4}};
  const Plot plot{"t", "x", "y", false, false, {}, {matrix}};
  const std::string script = gnuplot_script({plot, plot}, gnuplot_terminal(".svg"));
  CHECK(script.find("set terminal svg") == 0);
  CHECK(script.find("$data2_1 << EOD\n1 2\n3 4\nEOD\n") != std::string::npos);
  CHECK(script.find("set multiplot layout 2,1\n") != std::string::npos);
  CHECK(gnuplot_terminal(".png").find("pngcairo") != std::string::npos);
  CHECK(gnuplot_terminal(".pdf").find("pdfcairo") != std::string::npos);
  CHECK(gnuplot_terminal(".gif").empty());
}

TEST_CASE("a point is drawn where it is finite, and positive along a logarithmic axis") {
  Plot plot;
  CHECK(is_drawn(-1, 0, plot));
  CHECK_FALSE(is_drawn(1, std::nan(""), plot));
  plot.log_x = true;
  CHECK_FALSE(is_drawn(0, 1, plot));
  CHECK(is_drawn(1, 0, plot));
}
