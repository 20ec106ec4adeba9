#include <attn/verify/posenc_base.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace attn::posenc;

namespace {

// Turns of eight pairs of this base, each off by up to `error`, alternating.
std::vector<PairTurn> turns_of(double base, double error, double start = 0) {
  std::vector<PairTurn> turns;
  double sign = 1;
  for (const std::size_t j : pairs_for_base(8)) {
    const double exponent = static_cast<double>(j) / 8;
    for (const std::size_t row : rows_for_base(100)) {
      const double angle = static_cast<double>(row) * std::pow(base, -exponent) + start + (sign = -sign) * error;
      turns.push_back({exponent, static_cast<double>(row), std::remainder(angle, 2 * M_PI)});
    }
  }
  return turns;
}

bool has(const std::vector<double>& candidates, double base) {
  return std::any_of(candidates.begin(), candidates.end(), [base](double one) { return std::abs(one / base - 1) < 1e-12; });
}

}  // namespace

TEST_CASE("the base of exact turns is found to its last digit, and round spellings come before long ones") {
  for (const double base : {2.0, 500.0, 12345.0, 77777.0, 500000.0, 123456789.0}) {
    CAPTURE(base);
    CHECK(has(base_candidates(turns_of(base, 0)), base));
  }
  const std::vector<double> candidates = base_candidates(turns_of(77777, 0));
  CHECK(candidates.front() == 10000);
  CHECK(candidates[1] == 80000);  // 2.9 % off, within 3 %
  CHECK(candidates[2] == 78000);
}

TEST_CASE("turns that are off by a unit of bfloat16 give the base to three digits") {
  for (const double base : {500.0, 12300.0, 500000.0}) {
    CAPTURE(base);
    CHECK(has(base_candidates(turns_of(base, 0.004)), base));
  }
}

TEST_CASE("without the turns of one row, or with none at all, there is only the usual base") {
  CHECK(base_candidates({}) == std::vector<double>{10000});
  CHECK(base_candidates({{0.25, 4, 1.0}}) == std::vector<double>{10000});
  CHECK(base_candidates(turns_of(10000, 0)) == std::vector<double>{10000});
}

TEST_CASE("rows are powers of two below the length, pairs at most 32 without the first") {
  CHECK(rows_for_base(1).empty());
  CHECK(rows_for_base(9) == std::vector<std::size_t>{1, 2, 4, 8});
  CHECK(rows_for_base(100000).back() == 64);
  CHECK(pairs_for_base(4) == std::vector<std::size_t>{1, 2, 3});
  CHECK(pairs_for_base(256).size() == 32);
  CHECK(pairs_for_base(1).empty());
}
