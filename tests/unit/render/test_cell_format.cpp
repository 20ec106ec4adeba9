#include <attn/render/cell_format.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace attn;
using namespace attn::render;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<std::string> cells(const std::vector<double>& values, int decimals = 4,
                               Precision precision = Precision::float64) {
  CellRange range;
  for (const double value : values) range.see(value, precision);
  const CellFormat format(range, decimals);
  std::vector<std::string> texts;
  for (const double value : values) {
    texts.push_back(format.aligned(value, precision));
    CHECK(texts.back().size() == format.width());
  }
  return texts;
}

using Cells = std::vector<std::string>;

}  // namespace

TEST_CASE("ordinary numbers are aligned on the point") {
  CHECK(cells({0.5, -12.25}) == Cells{"  0.5000", "-12.2500"});
  CHECK(cells({0.5, 0.25}, 2) == Cells{"0.50", "0.25"});
}

TEST_CASE("an exact zero is a bare 0 under the units, a small number is not") {
  CHECK(cells({0.75, 0, 0.00001}) == Cells{"0.7500", "0     ", "0.0000"});
}

TEST_CASE("rounding up to another digit widens the column") {
  CHECK(cells({9.99999, 1.5}) == Cells{"10.0000", " 1.5000"});
}

TEST_CASE("whole numbers have no decimals") {
  CHECK(cells({3, -1, 0}) == Cells{" 3", "-1", " 0"});
  CHECK(cells({0, -infinity}) == Cells{"   0", "-inf"});
}

TEST_CASE("infinities, NaN and fill values are symbols, aligned right") {
  CHECK(cells({0.5, -infinity, std::nan("")}) == Cells{"0.5000", "  -inf", "   nan"});
  CHECK(cells({0.5, -1e9}) == Cells{"0.5000", "  -1e9"});
  CHECK(cells({0.5, -1e20}) == Cells{"0.5000", " -1e20"});
  // The float nearest to -1e20 is -100000002004087734272; in its own precision it is still -1e20.
  CHECK(cells({0.5, static_cast<double>(-1e20f)}, 4, Precision::float32) == Cells{"0.5000", " -1e20"});
  CHECK(is_fill_value(std::numeric_limits<double>::lowest(), Precision::float64));
  CHECK_FALSE(is_fill_value(123456.0, Precision::float64));
  CHECK_FALSE(is_fill_value(-10.0, Precision::float64));
}

TEST_CASE("a range too large or too small for fixed notation makes every number scientific") {
  CHECK(cells({123456.5, -1.5}) == Cells{" 1.2346e+05", "-1.5000e+00"});
  CHECK(cells({1.25e-8, 0}) == Cells{"1.2500e-08", "0         "});
  CHECK(cells({0.002, 0.5}) == Cells{"0.0020", "0.5000"});  // one number with two digits is enough
}

TEST_CASE("a row of nothing but NaN still has a width") { CHECK(cells({std::nan("")}) == Cells{"nan"}); }
