// Norms and rotations written out as loops, with weights that differ.
#include <attn/verify/posenc_rope.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::posenc;
using posenc_testing::ids;

namespace {

using Matrix = Tensor<double>;

Matrix queries() {
  Matrix x = empty<double>({8, 8});
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = std::cos(1.7 * static_cast<double>(i * i)) + 0.3;
  return x;
}

Matrix rotated(const Matrix& x) {
  Matrix y = x;
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      const double angle = static_cast<double>(i) * std::pow(10000.0, -static_cast<double>(j) / 4);
      y(i, j) = x(i, j) * std::cos(angle) - x(i, j + 4) * std::sin(angle);
      y(i, j + 4) = x(i, j) * std::sin(angle) + x(i, j + 4) * std::cos(angle);
    }
  }
  return y;
}

// x / √(mean of squares + epsilon) · weight, after the mean was taken off where `centred`.
Matrix normed(const Matrix& x, double step, bool centred = false, double epsilon = 1e-6) {
  Matrix y = x;
  for (std::size_t i = 0; i < 8; ++i) {
    double mean = 0, squares = 0;
    for (std::size_t c = 0; c < 8; ++c) mean += centred ? x(i, c) / 8 : 0;
    for (std::size_t c = 0; c < 8; ++c) squares += (x(i, c) - mean) * (x(i, c) - mean) / 8;
    for (std::size_t c = 0; c < 8; ++c) y(i, c) = (x(i, c) - mean) / std::sqrt(squares + epsilon) * (1 + step * static_cast<double>(c));
  }
  return y;
}

}  // namespace

TEST_CASE("a norm before the rotation is a choice, and one after it is a mistake") {
  const Matrix x = queries();
  CHECK(posenc_testing::kinds(identify_rope(rotated(normed(x, 0.1)), x, 1)) == "rms_norm_before");
  CHECK(ids(identify_rope(rotated(normed(x, 0.1)), x, 1)) == "-");
  CHECK(ids(identify_rope(normed(rotated(x), 0.1), x, 1)) == "R7");
  CHECK(posenc_testing::kinds(identify_rope(normed(rotated(x), 0.1, true), x, 1)) == "layer_norm_after");
}

TEST_CASE("with equal weights the two orders are one, and that is said") {
  const Matrix x = queries();
  CHECK(ids(identify_rope(normed(rotated(x), 0), x, 1)) == "- | R7");
  CHECK(posenc_testing::has_blind_spot(identify_rope(rotated(x), x, 1), "R7"));
}

TEST_CASE("too few rows know no weights") {
  const Matrix x = {{1, 2}, {3, 5}}, y = {{7, -1}, {2, 2}};
  CHECK(identify_rope(y, x, 1).explanations.empty());
}
