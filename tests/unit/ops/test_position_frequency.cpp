// Expected values: MPFR at 320 bits, where the machine has it (the last test says so when it has not), and
// angles whose sine is known by hand.
#include <attn/ops/position_frequency.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#ifdef ATTNSCOPE_HAS_MPFR
#include <mpfr.h>
#endif

using namespace attn;

TEST_CASE("position 0 is exactly (0, 1) for every frequency") {
  for (const std::uint64_t j : {0u, 1u, 15u}) {
    const SinCos<double> zero = Frequency(10000, 2 * j, 32).at<double>(0);
    CHECK(zero.sin == 0);
    CHECK_FALSE(std::signbit(zero.sin));
    CHECK(zero.cos == 1);
  }
}

TEST_CASE("frequencies are powers of the base") {
  CHECK(Frequency(10000, 0, 32).radians() == 1);
  CHECK(Frequency(10000, 16, 32).radians() == doctest::Approx(0.01).epsilon(1e-15));   // 10000^(-1/2)
  CHECK(Frequency(10000, 1, 4).radians() == doctest::Approx(0.1).epsilon(1e-15));
  CHECK(Frequency(1024, 1, 1).radians() == 1.0 / 1024);
  CHECK(Frequency(1024, 1, 1, 2).radians() == 1.0 / 2048);  // slowed down by 2
  CHECK(Frequency(1, 5, 7).radians() == 1);                 // every power of one
  CHECK(Frequency(10000, 0, 32).wavelength() == doctest::Approx(6.283185307179586).epsilon(1e-15));
}

TEST_CASE("a negative position mirrors the sine and keeps the cosine") {
  const Frequency frequency(10000, 2, 8);
  const SinCos<double> ahead = frequency.at<double>(123456), behind = frequency.at<double>(-123456);
  CHECK(behind.sin == -ahead.sin);
  CHECK(behind.cos == ahead.cos);
}

TEST_CASE("a base or a slowdown below one, or not finite, and a zero denominator are refused") {
  CHECK_THROWS_AS(Frequency(0.5, 1, 2), UsageError);
  CHECK_THROWS_AS(Frequency(std::nan(""), 1, 2), UsageError);
  CHECK_THROWS_AS(Frequency(std::numeric_limits<double>::infinity(), 1, 2), UsageError);
  CHECK_THROWS_AS(Frequency(10, 1, 2, 0), UsageError);
  CHECK_THROWS_AS(Frequency(10, 1, 0), UsageError);
  CHECK_THROWS_AS(Frequency(10, std::uint64_t{1} << 32, 1), UsageError);
}

#ifdef ATTNSCOPE_HAS_MPFR
namespace {

constexpr mpfr_prec_t bits = 320;

// Steps of the number type between two values of equal sign; a huge number otherwise.
template <class T, class Bits>
std::uint64_t steps_between(T a, T b) {
  Bits x, y;
  std::memcpy(&x, &a, sizeof a);
  std::memcpy(&y, &b, sizeof b);
  return std::signbit(a) == std::signbit(b) ? (x > y ? x - y : y - x) : ~std::uint64_t{0};
}

struct Worst {
  std::uint64_t float64 = 0, float32 = 0;
};

// Compares n positions from `first` in steps of `stride` with base^(-numerator/denominator)/slowdown.
Worst worst_difference(double base, unsigned numerator, unsigned denominator, std::uint64_t first, std::uint64_t stride,
                       int n, double slowdown = 1) {
  mpfr_t omega, angle, sine, cosine;
  mpfr_inits2(bits, omega, angle, sine, cosine, nullptr);
  mpfr_set_d(omega, base, MPFR_RNDN);
  mpfr_log(omega, omega, MPFR_RNDN);
  mpfr_mul_ui(omega, omega, numerator, MPFR_RNDN);
  mpfr_div_ui(omega, omega, denominator, MPFR_RNDN);
  mpfr_neg(omega, omega, MPFR_RNDN);
  mpfr_exp(omega, omega, MPFR_RNDN);
  mpfr_div_d(omega, omega, slowdown, MPFR_RNDN);
  const Frequency frequency(base, numerator, denominator, slowdown);
  CHECK(std::abs(frequency.radians() - mpfr_get_d(omega, MPFR_RNDN)) <= 2.3e-16 * frequency.radians());
  Worst worst;
  for (int i = 0; i < n; ++i) {
    const std::uint64_t position = first + stride * static_cast<std::uint64_t>(i);
    mpfr_mul_ui(angle, omega, position, MPFR_RNDN);
    mpfr_sin_cos(sine, cosine, angle, MPFR_RNDN);
    const auto narrow = frequency.at<float>(static_cast<std::int64_t>(position));
    const auto wide = frequency.at<double>(static_cast<std::int64_t>(position));
    worst.float64 = std::max({worst.float64, steps_between<double, std::uint64_t>(wide.sin, mpfr_get_d(sine, MPFR_RNDN)),
                              steps_between<double, std::uint64_t>(wide.cos, mpfr_get_d(cosine, MPFR_RNDN))});
    worst.float32 = std::max({worst.float32, steps_between<float, std::uint32_t>(narrow.sin, mpfr_get_flt(sine, MPFR_RNDN)),
                              steps_between<float, std::uint32_t>(narrow.cos, mpfr_get_flt(cosine, MPFR_RNDN))});
  }
  mpfr_clears(omega, angle, sine, cosine, nullptr);
  return worst;
}

}  // namespace

TEST_CASE("every value is within one unit in the last place of MPFR's, up to position 10^6") {
  for (unsigned j = 0; j < 256; ++j) {
    CAPTURE(j);
    const Worst near = worst_difference(10000, 2 * j, 512, 1, 1, 100);
    const Worst far = worst_difference(10000, 2 * j, 512, j % 7, 9973, 100);       // up to 987 333
    const Worst last = worst_difference(10000, 2 * j, 512, 1000000 - 100, 1, 101);
    CHECK(std::max({near.float64, far.float64, last.float64}) <= 1);
    CHECK(std::max({near.float32, far.float32, last.float32}) <= 1);
  }
}

TEST_CASE("the sine stays right next to its zeros") {
  // 22/7, 355/113, 103993/33102 … are the best approximations of π: at these numerators sin(n) is about
  // π/2 divided by the next denominator, and a rounded argument has lost every digit.
  for (const std::uint64_t n : {22ull, 355ull, 103993ull, 104348ull, 208341ull, 312689ull, 833719ull, 5419351ull,
                                6167950454ull}) {
    CAPTURE(n);
    const Worst worst = worst_difference(10000, 0, 512, n, 1, 1);
    CHECK(worst.float64 <= 1);
    CHECK(worst.float32 <= 1);
  }
}

TEST_CASE("other bases, slowdowns and far positions are as good") {
  for (const double base : {1.0, 2.0, 100.0, 500000.0, 1e6, 12345.678, 1e30, 1e300}) {
    for (const unsigned numerator : {0u, 2u, 62u, 64u, 127u}) {
      CAPTURE(base);
      CAPTURE(numerator);
      CHECK(worst_difference(base, numerator, 64, 1, 49999, 21).float64 <= 1);
      CHECK(worst_difference(base, numerator, 64, (1ull << 40) - 20, 1, 21).float64 <= 1);
      CHECK(worst_difference(base, numerator, 64, 1, 4999, 21, 3.7).float64 <= 1);
    }
  }
}
#else
TEST_CASE("every value is within one unit in the last place of MPFR's, up to position 10^6") {
  MESSAGE("skipped: built without MPFR (libmpfr-dev)");
}
#endif
