// Expected values: the document's formula in long double, MPFR at 320 bits where the machine has it (the last
// test says so when it has not), and Frequency::at, which is held against MPFR in test_position_frequency.cpp.
#include <attn/ops/position.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#ifdef ATTNSCOPE_HAS_MPFR
#include <mpfr.h>
#endif

using namespace attn;

namespace {

SinusoidalOptions width(std::size_t d) {
  SinusoidalOptions options;
  options.d_model = d;
  return options;
}

double formula(std::size_t i, std::size_t c, std::size_t d) {
  const long double angle = static_cast<long double>(i) / std::pow(10000.0L, static_cast<long double>(c / 2 * 2) / static_cast<long double>(d));
  return static_cast<double>(c % 2 == 0 ? std::sin(angle) : std::cos(angle));
}

}  // namespace

TEST_CASE("the table is the document's formula") {
  const Tensor<double> table = sinusoidal<double>(60, width(32));
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t c = 0; c < 32; ++c) CHECK(table(i, c) == doctest::Approx(formula(i, c, 32)).epsilon(1e-14));
  }
}

TEST_CASE("every float32 value, in every block, is within one unit in the last place of the exact one") {
  SinusoidalOptions options = width(64);
  for (const std::uint64_t offset : {0ull, 999000ull}) {
    options.offset = offset;
    const Tensor<float> table = sinusoidal<float>(1001, options);
    const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
    std::size_t different = 0;
    for (std::size_t i = 0; i < 1001; ++i) {
      for (std::size_t c = 0; c < 64; ++c) {
        const auto both = frequencies[c / 2].at<float>(static_cast<std::int64_t>(offset + i));
        const float want = c % 2 == 0 ? both.sin : both.cos;
        if (table(i, c) != want && std::nextafter(table(i, c), want) != want) ++different;
      }
    }
    CHECK(different == 0);
  }
}

TEST_CASE("float32 keeps its digits where a sine nearly vanishes") {
  SinusoidalOptions options = width(2);
  // sin(355) = sin(355 - 113π) = -3.0144353359488449e-5, and sin(710) = sin(710 - 226π) = 6.0288706691585e-5.
  const Tensor<float> table = sinusoidal<float>(711, options);
  CHECK(table(355, 0) == -3.0144353359488449e-5f);
  CHECK(table(710, 0) == doctest::Approx(6.0288706691585e-5).epsilon(1e-7));
}

TEST_CASE("rows made piece by piece, or of some columns only, are the rows of the table") {
  const Tensor<double> table = sinusoidal<double>(50, width(8));
  const SinusoidalRows<double> rows(width(8), {5, 2});
  std::vector<double> some(2 * 10);
  rows.fill(17, 10, some.data());
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(some[2 * i] == table(17 + i, 5));
    CHECK(some[2 * i + 1] == table(17 + i, 2));
  }
}

TEST_CASE("concatenated holds the same columns in another order") {
  SinusoidalOptions options = width(6);
  const Tensor<double> interleaved = sinusoidal<double>(9, options);
  options.order = PairOrder::concatenated;
  const Tensor<double> concatenated = sinusoidal<double>(9, options);
  const std::size_t place[] = {0, 3, 1, 4, 2, 5};
  for (std::size_t i = 0; i < 9; ++i) {
    for (std::size_t c = 0; c < 6; ++c) CHECK(concatenated(i, place[c]) == interleaved(i, c));
  }
}

TEST_CASE("with d - 2 below the line the last pair reaches 1 / base") {
  SinusoidalOptions options = width(8);
  options.denominator = Denominator::width_minus_2;
  const std::vector<Frequency> frequencies = sinusoidal_frequencies(options);
  CHECK(frequencies[0].radians() == 1);
  CHECK(frequencies[3].radians() == doctest::Approx(1e-4).epsilon(1e-15));
  options.d_model = 2;  // one pair: 0/0 is taken as 0
  CHECK(sinusoidal_frequencies(options)[0].radians() == 1);
}

TEST_CASE("an odd width is refused unless the caller says what it means") {
  SinusoidalOptions options = width(5);
  CHECK_THROWS_AS(sinusoidal<double>(3, options), UsageError);
  options.odd = OddWidth::extra_sine;
  const Tensor<double> extra = sinusoidal<double>(3, options);
  CHECK(shape_of(extra) == Shape{3, 5});
  CHECK(extra(2, 4) == doctest::Approx(std::sin(2 / std::pow(10000.0, 4.0 / 5))).epsilon(1e-14));
  options.odd = OddWidth::drop;
  const Tensor<double> dropped = sinusoidal<double>(3, options);
  CHECK(shape_of(dropped) == Shape{3, 4});
  CHECK(dropped(2, 3) == extra(2, 3));
  CHECK_THROWS_AS(sinusoidal_columns(width(0)), UsageError);
}

TEST_CASE("row i of a table with an offset is row i + offset of the table without") {
  SinusoidalOptions options = width(4);
  const Tensor<double> table = sinusoidal<double>(20, options);
  options.offset = 7;
  CHECK(sinusoidal<double>(1, options)(0, 1) == table(7, 1));
}

#ifdef ATTNSCOPE_HAS_MPFR
namespace {

// Units in the last place between two values; many where their signs differ.
template <class T, class Bits>
std::uint64_t steps_between(T a, T b) {
  Bits x, y;
  std::memcpy(&x, &a, sizeof a);
  std::memcpy(&y, &b, sizeof b);
  return std::signbit(a) == std::signbit(b) ? (x > y ? x - y : y - x) : ~std::uint64_t{0};
}

// The largest distance of a table's rows, `count` of them from `first`, from MPFR's correctly rounded values.
template <class T, class Bits>
std::uint64_t worst_of_table(std::size_t d, std::uint64_t first, std::size_t count, T (*rounded)(mpfr_srcptr, mpfr_rnd_t)) {
  SinusoidalOptions options = width(d);
  options.offset = first;
  const Tensor<T> table = sinusoidal<T>(count, options);
  std::uint64_t worst = 0;
  mpfr_t omega, angle, sine, cosine;
  mpfr_inits2(320, omega, angle, sine, cosine, nullptr);
  for (std::size_t j = 0; j < d / 2; ++j) {
    mpfr_set_ui(omega, 10000, MPFR_RNDN);
    mpfr_log(omega, omega, MPFR_RNDN);
    mpfr_mul_ui(omega, omega, 2 * j, MPFR_RNDN);
    mpfr_div_ui(omega, omega, d, MPFR_RNDN);
    mpfr_neg(omega, omega, MPFR_RNDN);
    mpfr_exp(omega, omega, MPFR_RNDN);
    for (std::size_t i = 0; i < count; ++i) {
      mpfr_mul_ui(angle, omega, first + i, MPFR_RNDN);
      mpfr_sin_cos(sine, cosine, angle, MPFR_RNDN);
      worst = std::max({worst, steps_between<T, Bits>(table(i, 2 * j), rounded(sine, MPFR_RNDN)),
                        steps_between<T, Bits>(table(i, 2 * j + 1), rounded(cosine, MPFR_RNDN))});
    }
  }
  mpfr_clears(omega, angle, sine, cosine, nullptr);
  return worst;
}

}  // namespace

TEST_CASE("whole tables are within one unit in the last place of MPFR's, near position 0 and near 10^6") {
  for (const std::uint64_t first : {0ull, 103900ull, 833600ull, 999744ull}) {  // sin(103993) and sin(833719) nearly vanish
    CAPTURE(first);
    CHECK(worst_of_table<float, std::uint32_t>(64, first, 257, mpfr_get_flt) <= 1);
    CHECK(worst_of_table<double, std::uint64_t>(64, first, 257, mpfr_get_d) <= 1);
  }
}
#else
TEST_CASE("whole tables are within one unit in the last place of MPFR's, near position 0 and near 10^6") {
  MESSAGE("skipped: built without MPFR (libmpfr-dev)");
}
#endif
