// Tables written out with <cmath>; the numbers that made them must be among those that are tried.
#include <attn/verify/posenc_numbers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace attn::posenc;

namespace {

const TypeTolerance float64{rounding_classes()[0]};

// scale · sin and cos of (first + i) · base^(-2j/8), and of an exponent of its own for the cosine.
std::vector<double> values(double scale, double first, double base, bool own_cosine = false) {
  std::vector<double> table;
  for (int i = 0; i < 8; ++i) {
    for (int c = 0; c < 8; ++c) {
      const double angle = (first + i) * std::pow(base, -(own_cosine ? c : c / 2 * 2) / 8.0);
      table.push_back(scale * (c % 2 == 0 ? std::sin(angle) : std::cos(angle)));
    }
  }
  return table;
}

SinusoidalVariant form(bool own_cosine = false) {
  SinusoidalVariant v;
  v.width = 8;
  if (own_cosine) v.exponents = Exponents::own_cosine;
  return v;
}

bool has(const std::vector<double>& all, double one) {
  return std::any_of(all.begin(), all.end(), [one](double other) { return std::abs(other / one - 1) < 1e-9; });
}

}  // namespace

TEST_CASE("positions near a phase come from 0 outwards, across a whole turn") {
  // 710 is 113 turns less 0.00006; -710 the same on the other side.
  const std::vector<std::int64_t> near = positions_near(0, 1e-4, 0);
  REQUIRE(near.size() == 3);
  CHECK(near[0] == 0);
  CHECK(near[1] == 710);
  CHECK(near[2] == -710);
  CHECK(positions_near(3 + 4 * M_PI, 1e-9, 0) == std::vector<std::int64_t>{3});
}

TEST_CASE("positions near a phase are those that going through all of them finds") {
  for (const double phase : {0.0, 1.3, -2.5, 3.14159, 40.0}) {
    for (const double limit : {1e-6, 0.01, 0.3, 2.9, 3.2}) {
      for (const double most : {1.0, 2e-3}) {
        CAPTURE(phase);
        CAPTURE(limit);
        const double per_position = 1e-7;
        const std::int64_t range = static_cast<std::int64_t>(std::min(1e5, 600 * M_PI / (2 * limit)));
        std::vector<std::int64_t> expected;
        for (std::int64_t distance = 0; distance <= range; ++distance) {
          for (const std::int64_t position : {distance, -distance}) {
            const double off = std::abs(std::remainder(static_cast<double>(position) - phase, 2 * M_PI));
            if (off <= std::min(limit + per_position * static_cast<double>(distance), most)) expected.push_back(position);
            if (distance == 0) break;
          }
        }
        CHECK(positions_near(phase, limit, per_position, most) == expected);
        PositionsNear known;
        CHECK(known.find(phase, limit, per_position, most) == expected);
        CHECK(known.find(phase, limit, per_position, most) == expected);  // remembered
      }
    }
  }
}

TEST_CASE("the column that turns by one radian a row tells scale and first position") {
  const std::vector<double> table = values(3, 17, 10000);
  const auto wave = fast_wave({table.data(), 1, 8, 8}, VariantRows(form(), 8));
  REQUIRE(wave);
  CHECK(wave->scale == doctest::Approx(3));
  CHECK(std::remainder(wave->phase - 17, 2 * M_PI) == doctest::Approx(0));
  CHECK(wave->misfit < 1e-13);
  CHECK(may_turn({table.data(), 1, 8, 8}, VariantRows(form(), 8), float64));
  std::vector<double> wrong = table;
  wrong[16] += 0.01;
  CHECK_FALSE(may_turn({wrong.data(), 1, 8, 8}, VariantRows(form(), 8), float64));
  const auto row = fast_wave({table.data(), 1, 1, 8}, VariantRows(form(), 8));  // a single row, by its pair
  REQUIRE(row);
  CHECK(row->scale == doctest::Approx(3));
}

TEST_CASE("scales are known factors, or the shortest numbers near the amplitude; nothing is divided by zero") {
  const auto scales = [](const std::vector<double>& table) { return scale_candidates({table.data(), 1, 8, 8}, VariantRows(form(), 8), attn::PairOrder::interleaved, float64); };
  CHECK(scales(values(1, 0, 10000)) == std::vector<double>{1});
  CHECK(scales(values(std::sqrt(8.0), 0, 10000)) == std::vector<double>{std::sqrt(8.0)});
  CHECK(has(scales(values(0.37, 0, 10000)), 0.37));
  CHECK(scales(std::vector<double>(64, 0.0)) == std::vector<double>{1});
}

TEST_CASE("bases are fitted from pairs, and from single columns where a cosine has an exponent of its own") {
  for (const bool own_cosine : {false, true}) {
    CAPTURE(own_cosine);
    for (const double first : {0.0, 1.0}) {
      const std::vector<double> table = values(2, first, 777, own_cosine);
      CHECK(has(base_candidates({table.data(), 1, 8, 8}, VariantRows(form(own_cosine), 8), form(own_cosine), float64), 777));
    }
  }
}

TEST_CASE("first positions: 0 and 1 before all others, and none where nothing fits") {
  PositionsNear known;
  const auto firsts = [&known](const std::vector<double>& table) { return first_positions({table.data(), 1, 8, 8}, VariantRows(form(), 8), form(), float64, known); };
  CHECK(firsts(values(1, 0, 10000)) == std::vector<std::int64_t>{0});
  CHECK(firsts(values(1, 70000, 10000)) == std::vector<std::int64_t>{70000});
  CHECK(firsts(values(1, -5, 10000)) == std::vector<std::int64_t>{-5});
  CHECK(firsts(values(1, 0.5, 10000)).empty());
}
