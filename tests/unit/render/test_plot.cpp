#include <attn/render/plot.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace attn;
using namespace attn::render;

TEST_CASE("the script holds the data, each number reading back, without what cannot be drawn") {
  Plot plot{"a \"title\"", "x", "y"};
  plot.curves = {{"one", {0, 1, 2}, {0.1, std::numeric_limits<double>::quiet_NaN(), 3}}};
  const std::string script = gnuplot_script({plot});
  CHECK(script.find("$data1_1 << EOD\n0 0.1\n2 3\nEOD\n") == 0);
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
