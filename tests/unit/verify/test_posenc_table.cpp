#include <attn/verify/posenc_table.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace attn::posenc;

namespace {

const TypeTolerance float64{rounding_classes()[0]};
const TypeTolerance float16{rounding_classes()[1], &float16_type()};

}  // namespace

TEST_CASE("a table agrees with the variant that it is, in its first rows and in all") {
  SinusoidalVariant v;
  v.width = 2;
  const VariantRows ours(v, 2);
  std::vector<double> values = {0, 1, std::sin(1), std::cos(1), std::sin(2), std::cos(2) + 0.01};
  const RowTable table{values.data(), 1, 3, 2};
  CHECK(table_residual(table, ours, v, float64, 2) < 1e-15);
  CHECK(std::isinf(table_residual(table, ours, v, float64, 3)));
  CHECK(may_agree(table, ours, v, float64, 2));
  CHECK_FALSE(may_agree(table, ours, v, float64, 3));
}

TEST_CASE("a cell of a sum carries the rounding of each number that made it") {
  const std::vector<double> x = {3}, sum = {10}, rest = {1};
  RowTable table{rest.data(), 1, 1, 1};
  const double unit = 1.0 / 2048;  // half a step of float16 at 1; at 10 it is 8 times as large, at 9 as well
  CHECK(table.storing(0, 0, 1, 1, float16) == unit);
  CHECK(table.storing(0, 0, 1, 2, float16) == 3 * unit);
  table.sum = sum.data();
  table.x = x.data();
  CHECK(table.storing(0, 0, 1, 1, float16) == unit + 8 * unit);
  table.factor = 3;
  CHECK(table.storing(0, 0, 1, 1, float16) == unit + 8 * unit + 3 * 8 * unit);
  CHECK(table.storing(0, 0, 1, 1, float64) == 0);
}

TEST_CASE("rows are equal within every sample, and a single one is equal to nothing") {
  const std::vector<double> values = {1, 2, 1, 2, 5, 6, 5, 6.01};
  CHECK(rows_are_equal({values.data(), 1, 2, 2}, float64));
  CHECK_FALSE(rows_are_equal({values.data(), 2, 2, 2}, float64));
  CHECK_FALSE(rows_are_equal({values.data(), 1, 1, 2}, float64));
  RowTable samples{values.data(), 1, 2, 2};
  samples.step = 2;  // rows 0 and 2: 1 2 and 5 6
  CHECK(samples.at(1, 0) == 5);
}
