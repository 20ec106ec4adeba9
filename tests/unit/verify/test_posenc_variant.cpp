// Expected values: the formula of each way to compute a table, written out here.
#include <attn/verify/posenc_variant.hpp>

#include <attn/ops/position_precision.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;
using namespace attn::posenc;

namespace {

SinusoidalVariant width(std::size_t d) {
  SinusoidalVariant v;
  v.width = d;
  return v;
}

double power(double exponent) { return std::pow(10000.0, -exponent); }

}  // namespace

TEST_CASE("each rule for exponents, in the third column and the fourth of a table of 8") {
  SinusoidalVariant v = width(8);
  const auto third = [&v] { return variant_table(v, 6, 8)(5, 2); };
  const auto fourth = [&v] { return variant_table(v, 6, 8)(5, 3); };
  CHECK(third() == doctest::Approx(std::sin(5 * power(2.0 / 8))));
  CHECK(fourth() == doctest::Approx(std::cos(5 * power(2.0 / 8))));
  v.exponents = Exponents::width_minus_2;
  CHECK(third() == doctest::Approx(std::sin(5 * power(2.0 / 6))));
  v.exponents = Exponents::doubled;
  CHECK(third() == doctest::Approx(std::sin(5 * power(4.0 / 8))));
  v.exponents = Exponents::own_cosine;
  CHECK(fourth() == doctest::Approx(std::cos(5 * power(3.0 / 8))));
  v.exponents = Exponents::by_column;
  CHECK(fourth() == doctest::Approx(std::cos(5 * power(6.0 / 8))));
}

TEST_CASE("order, scale, offset, a last column of zeros, and rounding") {
  SinusoidalVariant v = width(5);
  v.cosine_first = true;
  CHECK(variant_table(v, 2, 5)(1, 0) == doctest::Approx(std::cos(1.0)));
  v = width(5);
  v.zero_last = true;
  CHECK(variant_table(v, 2, 5)(1, 4) == 0);
  v = width(4);
  v.order = PairOrder::concatenated;
  v.scale = 2;
  v.offset = 7;
  CHECK(variant_table(v, 2, 4)(1, 3) == doctest::Approx(2 * std::cos(8 * power(2.0 / 4))));
  v = width(4);
  v.angle = {Rounded::position, &bfloat16_type()};
  v.stored = &bfloat16_type();
  // 301 is halfway between 300 and 302 in bfloat16 (steps of 2); ties go to the even significand, 300.
  CHECK(variant_table(v, 302, 4)(301, 0) == static_cast<double>(rounded_to_bfloat16(std::sin(300.0))));
}

TEST_CASE("half precision rounds what it is said to round, in this order") {
  const auto bf = [](double x) { return static_cast<double>(rounded_to_bfloat16(x)); };
  const auto angle = [](Rounded rounded, double position) {
    const Angle how{rounded, &bfloat16_type()};
    return rounded_angle(rounded_frequency(10000, {2, 6}, how), position, how);
  };
  const double omega = std::pow(10000.0, -1.0 / 3), divisor = std::pow(10000.0, 1.0 / 3);
  CHECK(angle(Rounded::position, 301) == doctest::Approx(300 * omega));
  CHECK(angle(Rounded::frequency, 301) == doctest::Approx(301 * bf(omega)));
  CHECK(angle(Rounded::product, 301) == bf(301 * omega));
  CHECK(angle(Rounded::operands, 301) == doctest::Approx(300 * bf(omega)));
  CHECK(angle(Rounded::everything, 301) == bf(300 * bf(omega)));
  CHECK(angle(Rounded::quotient, 301) == bf(300 / bf(divisor)));
  // 10000 is 9984 in bfloat16, which counts in steps of 64 there.
  CHECK(angle(Rounded::power_quotient, 301) == bf(300 / bf(std::pow(9984.0, bf(1.0 / 3)))));
  CHECK(angle(Rounded::exponential, 301) == bf(300 * bf(std::exp(bf(2 * bf(-std::log(10000.0) / 6))))));
}

TEST_CASE("the usual options differ in nothing, others in what they say") {
  SinusoidalOptions options;
  options.d_model = 8;
  CHECK(deviations_of(variant_of(options), 8).empty());
  options.base = 500;
  options.order = PairOrder::concatenated;
  options.offset = 1;
  const std::vector<Deviation> found = deviations_of(variant_of(options), 8);
  REQUIRE(found.size() == 3);
  CHECK(found[0].id == "E2");
  CHECK(found[1].found == "500");
  CHECK(found[2].id == "E7");
}

TEST_CASE("a rough row is within its error of the exact one, far out too") {
  SinusoidalVariant v;
  v.width = 6;
  v.scale = -2.5;
  for (const double base : {1.0, 3.5, 10000.0, 1e12}) {
    v.base = base;
    const VariantRows rows(v, 6);
    for (const std::int64_t position : {0, 1, -3, 5000, 99999, -100000}) {
      for (std::size_t c = 0; c < 6; ++c) {
        CHECK(std::abs(rows.roughly_at(position, c) - rows.at(position, c)) <= rows.rough_error(position));
        CHECK(rows.is_fastest(c) == (rows.omega(c) == 1));
      }
    }
  }
}
