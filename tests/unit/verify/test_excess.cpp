#include <attn/verify/excess.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {
Tensor<double> row(std::initializer_list<double> values) {
  Tensor<double> tensor = empty<double>({values.size()});
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}
constexpr double inf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("a cell within the tolerance has no excess, another has its whole difference") {
  // 1 % of 100 is 1: 101 passes; 102.5 is off by 2.5. At 0 only atol counts.
  const Tensor<double> map = excess(row({100, 100, 0, 0}), row({101, 102.5, 0.25, 0.75}), {0.01, 0.5, false});
  CHECK(map(0) == 0);
  CHECK(map(1) == 2.5);
  CHECK(map(2) == 0);
  CHECK(map(3) == 0.75);
}

TEST_CASE("NaN or an infinity on one side only cannot be subtracted, on both sides it is no difference") {
  const double nan = std::nan("");
  const Tensor<double> map = excess(row({nan, nan, 1, inf, -inf, inf}), row({nan, 1, nan, inf, inf, 3}), {0, 0, false});
  CHECK(map(0) == 0);
  CHECK(map(1) == inf);
  CHECK(map(2) == inf);
  CHECK(map(3) == 0);
  CHECK(map(4) == inf);
  CHECK(map(5) == inf);
}
