// Every mistake is made with plain formulas and must be named.
#include <attn/verify/posenc_identify.hpp>

#include <attn/error.hpp>
#include <attn/ops/position_precision.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

using namespace attn;
using namespace attn::posenc;
using posenc_testing::ids;

namespace {

struct Made {
  std::size_t len = 8, width = 8;
  bool concatenated = false, cosine_first = false, minus_two = false, doubled = false, own_cosine = false;
  double base = 10000, offset = 0, scale = 1;
  float (*rounded_angle)(double) = nullptr;
  float (*rounded_result)(double) = nullptr;
};

Tensor<double> made(const Made& m) {
  Tensor<double> table = empty<double>({m.len, m.width});
  const std::size_t sines = (m.width + 1) / 2;
  const double below = static_cast<double>(m.minus_two ? m.width - 2 : m.width);
  for (std::size_t i = 0; i < m.len; ++i) {
    for (std::size_t c = 0; c < m.width; ++c) {
      const bool second = m.concatenated ? c >= sines : c % 2 == 1;
      const std::size_t pair = m.concatenated ? (second ? c - sines : c) : c / 2;
      const bool cosine = second != m.cosine_first;
      const double numerator = static_cast<double>(2 * pair) * (m.doubled ? 2 : 1) + (m.own_cosine && cosine ? 1 : 0);
      double angle = (static_cast<double>(i) + m.offset) * std::pow(m.base, -numerator / below);
      if (m.rounded_angle) angle = m.rounded_angle(angle);
      const double value = m.scale * (cosine ? std::cos(angle) : std::sin(angle));
      table(i, c) = m.rounded_result ? static_cast<double>(m.rounded_result(value)) : value;
    }
  }
  return table;
}

std::string named(const Made& m) { return ids(identify_sinusoidal(made(m))); }

}  // namespace

TEST_CASE("the document's table is recognised, in float64 and in float32") {
  Made m;
  CHECK(named(m) == "plain");
  CHECK(identify_sinusoidal(made(m)).rounding == "float64");
  m.rounded_result = [](double x) { return static_cast<float>(x); };
  CHECK(named(m) == "plain");
  CHECK(identify_sinusoidal(made(m)).rounding == "float32");
}

TEST_CASE("every mistake in the formula is named from an 8 × 8 table") {
  Made m;
  m.concatenated = true;
  CHECK(named(m) == "E2");
  m = {};
  m.minus_two = true;
  CHECK(named(m) == "E3");
  m = {};
  m.own_cosine = true;
  CHECK(named(m) == "E5");
  m = {};
  m.offset = 1;
  CHECK(named(m) == "E7");
  m = {};
  m.scale = std::sqrt(8.0);
  CHECK(named(m) == "E10");
  m = {};
  m.cosine_first = true;
  CHECK(named(m) == "E12");
  m = {};
  m.width = 7;
  CHECK(named(m) == "E1");
  CHECK(posenc_testing::kinds(identify_sinusoidal(made(m))) == "odd_sine");
}

TEST_CASE("an odd width: the last column may be zero, or a column may have been dropped") {
  Made m;
  m.width = 9;
  const Tensor<double> odd = made(m);
  Tensor<double> zero = odd, dropped = empty<double>({8, 8});
  for (std::size_t i = 0; i < 8; ++i) {
    zero(i, 8) = 0;
    for (std::size_t c = 0; c < 8; ++c) dropped(i, c) = odd(i, c);
  }
  CHECK(posenc_testing::kinds(identify_sinusoidal(zero)) == "odd_zero");
  CHECK(posenc_testing::kinds(identify_sinusoidal(dropped)) == "odd_dropped");
}

TEST_CASE("an exponent for every column, 2c/d, is two mistakes") {
  Tensor<double> table = empty<double>({8, 8});
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t c = 0; c < 8; ++c) {
      const double angle = static_cast<double>(i) * std::pow(10000.0, -2.0 * static_cast<double>(c) / 8);
      table(i, c) = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  CHECK(ids(identify_sinusoidal(table)) == "E4 E5 | E5 E6");  // 10000^(2c/8) is (10^8)^(c/8)
}

TEST_CASE("positions rounded to half precision show beyond 256, and below that is said") {
  Made m;
  m.len = 300;
  Tensor<double> table = made(m);
  for (std::size_t i = 0; i < m.len; ++i) {
    for (std::size_t c = 0; c < 8; ++c) {
      const double angle = static_cast<double>(rounded_to_bfloat16(static_cast<double>(i))) * std::pow(10000.0, -static_cast<double>(c / 2 * 2) / 8);
      table(i, c) = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    }
  }
  CHECK(ids(identify_sinusoidal(table)) == "E11");
  m.len = 200;
  CHECK(posenc_testing::has_blind_spot(identify_sinusoidal(made(m)), "E11"));
}

TEST_CASE("the sum with X shows whether X was multiplied by √d once more or once less, in every sample") {
  Made m;
  const Tensor<double> p = made(m);
  Tensor<double> x = empty<double>({3, 8, 8});
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = 5 * std::sin(static_cast<double>(i * i));
  const auto sum = [&](double factor) {
    Tensor<double> result = x;
    for (std::size_t i = 0; i < x.size(); ++i) result.data()[i] = static_cast<double>(static_cast<float>(factor * x.data()[i] + p.data()[i % 64]));
    return identify_sum(result, x);
  };
  CHECK(ids(sum(1)) == "plain");
  CHECK(sum(1).rounding == "float32");
  CHECK_FALSE(posenc_testing::has_blind_spot(sum(1), "E10"));
  CHECK(sum(std::sqrt(8.0)).explanations.front().deviations.front().found == "√d");
  CHECK(ids(sum(std::sqrt(0.125))) == "E10");
  CHECK(ids(sum(8)) == "E10");
  CHECK(posenc_testing::kinds(sum(0)) == "input_missing");
  CHECK(ids(sum(3)) == "");
  CHECK(sum(3).nearest);
  CHECK_THROWS_AS(identify_sum(x, p), ShapeError);
  CHECK(posenc_testing::has_blind_spot(identify_sinusoidal(p), "E10"));
}

TEST_CASE("doubled exponents are the squared base, and both names are given") {
  Made m;
  m.doubled = true;  // 10000^(4j/8) is also (10000²)^(2j/8)
  CHECK(named(m) == "E4 | E6");
}

TEST_CASE("another base is fitted") {
  Made m;
  m.base = 500;
  const Identification found = identify_sinusoidal(made(m));
  CHECK(ids(found) == "E6");
  CHECK(found.explanations.front().deviations.front().found == "500");
  CHECK(found.explanations.front().deviations.front().expected == "10000");
}

TEST_CASE("two mistakes at once are both named") {
  Made m;
  m.concatenated = true;
  m.offset = 1;
  CHECK(named(m) == "E2 E7");
}

TEST_CASE("a first position that is not 0 or 1 is a choice with its number") {
  Made m;
  m.offset = 300;
  CHECK(named(m) == "-");
  CHECK(identify_sinusoidal(made(m)).explanations.front().deviations.front().found == "300");
}

TEST_CASE("a result stored in half precision is told from an angle computed in it") {
  Made m;
  m.rounded_result = rounded_to_bfloat16;
  CHECK(named(m) == "plain");
  CHECK(identify_sinusoidal(made(m)).rounding == "bfloat16");
  m.rounded_angle = rounded_to_bfloat16;
  CHECK(named(m) == "E11");
  m.rounded_angle = m.rounded_result = rounded_to_float16;
  CHECK(named(m) == "E11");
}

TEST_CASE("one row for all positions: an index instead of a slice, or the batch axis") {
  Tensor<double> constant = empty<double>({4, 8}), batch = empty<double>({3, 4, 8});
  Made m;
  m.len = 20;
  const Tensor<double> ours = made(m);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t c = 0; c < 8; ++c) {
      constant(i, c) = ours(13, c);
      for (std::size_t b = 0; b < 3; ++b) batch(b, i, c) = ours(b, c);
    }
  }
  CHECK(ids(identify_sinusoidal(constant)) == "E9");
  CHECK(ids(identify_sinusoidal(batch)) == "E8");
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t c = 0; c < 8; ++c) constant(i, c) = ours(0, c);
  }
  CHECK(ids(identify_sinusoidal(constant)) == "E8 | E9");
}

TEST_CASE("one row of a table in another layout is both mistakes") {
  Tensor<double> constant = empty<double>({4, 8}), batch = empty<double>({3, 4, 8});
  Made m;
  m.len = 20;
  m.concatenated = true;
  const Tensor<double> ours = made(m);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t c = 0; c < 8; ++c) {
      constant(i, c) = ours(13, c);
      for (std::size_t b = 0; b < 3; ++b) batch(b, i, c) = ours(b, c);
    }
  }
  CHECK(ids(identify_sinusoidal(constant)) == "E2 E9");
  CHECK(ids(identify_sinusoidal(batch)) == "E2 E8");
}

TEST_CASE("tensor2tensor pads an odd width behind its sines and cosines") {
  Made m;
  m.concatenated = m.minus_two = true;
  const Tensor<double> even = made(m);
  Tensor<double> padded = filled<double>({8, 9}, 0);
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t c = 0; c < 8; ++c) padded(i, c) = even(i, c);
  }
  CHECK(ids(identify_sinusoidal(padded)) == "E1 E2 E3 | E1 E2 E6");  // 10000^(j/3) is also (10^6)^(2j/9)
  CHECK(posenc_testing::kinds(identify_sinusoidal(padded)) == "odd_zero concatenated width_minus_2");
}

TEST_CASE("another base is found in a wide table of half precision too") {
  Made m;
  m.len = 50;
  m.width = 64;
  m.base = 500;
  for (float (*const rounded)(double) : {rounded_to_bfloat16, rounded_to_float16}) {
    m.rounded_result = rounded;
    const Identification found = identify_sinusoidal(made(m));
    CHECK(ids(found) == "E6");
    CHECK(found.explanations.front().deviations.front().found == "500");
  }
}

TEST_CASE("what a small table cannot tell is said") {
  Made m;
  m.width = 2;  // one pair: no layout, no denominator
  const Identification narrow = identify_sinusoidal(made(m));
  CHECK(ids(narrow) == "plain");
  CHECK(posenc_testing::has_blind_spot(narrow, "E2"));
  CHECK(posenc_testing::has_blind_spot(narrow, "E3"));
  CHECK(posenc_testing::has_blind_spot(narrow, "E6"));
  m = {};
  m.len = 1;  // position 0: no frequency
  const Identification flat = identify_sinusoidal(made(m));
  CHECK(posenc_testing::has_blind_spot(flat, "E5"));
  CHECK(posenc_testing::has_blind_spot(flat, "E6"));
  CHECK_FALSE(posenc_testing::has_blind_spot(flat, "E2"));
}

TEST_CASE("numbers that are no encoding have no explanation, and no numbers are refused") {
  Tensor<double> noise = empty<double>({8, 8});
  for (std::size_t i = 0; i < 64; ++i) noise.data()[i] = std::sin(static_cast<double>(i * i));
  CHECK(identify_sinusoidal(noise).explanations.empty());
  CHECK_THROWS_AS(identify_sinusoidal(empty<double>({0, 8})), ShapeError);
  CHECK_THROWS_AS(identify_sinusoidal(filled<double>({8}, 0)), ShapeError);
}

TEST_CASE("only a type that holds every number can have rounded it") {
  Made m;
  Tensor<double> noisy = made(m), decimals = noisy;
  for (std::size_t i = 0; i < 64; ++i) {
    noisy.data()[i] += 1e-3 * std::sin(static_cast<double>(i * i));
    decimals.data()[i] = std::round(decimals.data()[i] * 1000) / 1000;
  }
  CHECK(identify_sinusoidal(noisy).explanations.empty());
  CHECK(identify_sinusoidal(decimals).rounding == "3 decimals");
  m.rounded_result = rounded_to_float16;
  CHECK(identify_sinusoidal(made(m)).rounding == "float16");
}

TEST_CASE("one column is a sine, a cosine, or nothing known") {
  Made m;
  m.width = 1;
  CHECK(named(m) == "plain");
  m.cosine_first = true;
  CHECK(named(m) == "E12");
  Tensor<double> noise = empty<double>({8, 1});
  for (std::size_t i = 0; i < 8; ++i) noise.data()[i] = std::sin(static_cast<double>(i * i)) + 2;
  CHECK(identify_sinusoidal(noise).explanations.empty());
  CHECK(identify_sinusoidal(filled<double>({8, 1}, 7)).explanations.empty());
}

TEST_CASE("cosines with exponents of their own are named with another base and another scale too") {
  Made m;
  m.own_cosine = true;
  m.base = 1000;
  CHECK(named(m) == "E5 E6");
  CHECK(identify_sinusoidal(made(m)).explanations.front().deviations.back().found == "1000");
  m.base = 777;
  CHECK(named(m) == "E5 E6");
  m.base = 10000;
  m.scale = 2;
  CHECK(named(m) == "E5 E10");
}

TEST_CASE("first positions are found far away and below 0, and a factor may be negative") {
  Made m;
  m.width = 16;
  for (const double offset : {-3.0, 5000.0, 65536.0, 100000.0}) {
    CAPTURE(offset);
    m.offset = offset;
    for (float (*const rounded)(double) : {static_cast<float (*)(double)>(nullptr), rounded_to_bfloat16}) {
      m.rounded_result = rounded;
      CHECK(posenc_testing::kinds(identify_sinusoidal(made(m))) == "offset");
      CHECK(identify_sinusoidal(made(m)).explanations.front().deviations.front().found == std::to_string(static_cast<int>(offset)));
    }
  }
  m = {};
  m.scale = -1;
  CHECK(named(m) == "E10");
  CHECK(identify_sinusoidal(made(m)).explanations.front().deviations.front().found == "-1");
}

TEST_CASE("ties of bases are listed in every type") {
  Made m;
  m.len = m.width = 10;
  m.base = 100000;  // 100000^(2j/10) is 10000^(2j/8)
  for (float (*const rounded)(double) : {static_cast<float (*)(double)>(nullptr), rounded_to_float16, rounded_to_bfloat16}) {
    m.rounded_result = rounded;
    CHECK(named(m) == "E3 | E6");
  }
  m = {};
  m.base = 500;
  m.minus_two = true;  // 500^(j/3) is 3968.5…^(j/4), which float32 does not tell from 3968.5
  CHECK(named(m) == "E3 E6");
  m.rounded_result = [](double x) { return static_cast<float>(x); };
  CHECK(named(m) == "E6 | E3 E6");
}

TEST_CASE("a base that half precision cannot tell from its neighbours is approximate") {
  Made m;
  m.base = 1234.5;
  CHECK(identify_sinusoidal(made(m)).explanations.front().deviations.front().found == "1234.5");
  CHECK_FALSE(identify_sinusoidal(made(m)).explanations.front().deviations.front().approximate);
  m.rounded_result = rounded_to_bfloat16;
  CHECK(identify_sinusoidal(made(m)).explanations.front().deviations.front().approximate);
}

TEST_CASE("one row, or a row for each sample, is found in half precision, in a sum, and with another base") {
  Made m;
  m.base = 1000;
  m.len = 20;
  const Tensor<double> ours = made(m);
  Tensor<double> constant = empty<double>({4, 8}), x = empty<double>({3, 4, 8}), batch = x, one = x;
  for (std::size_t i = 0; i < constant.size(); ++i) constant.data()[i] = ours(16, i % 8);
  CHECK(ids(identify_sinusoidal(constant)) == "E6 E9");
  m.base = 10000;
  const Tensor<double> p = made(m);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = rounded_to_bfloat16(2 * std::sin(static_cast<double>(i * i)));
    batch.data()[i] = rounded_to_bfloat16(x.data()[i] + static_cast<double>(rounded_to_bfloat16(p(i / 32, i % 8))));
    one.data()[i] = rounded_to_bfloat16(x.data()[i] + static_cast<double>(rounded_to_bfloat16(p(13, i % 8))));
  }
  CHECK(ids(identify_sum(batch, x)) == "E8");
  CHECK(identify_sum(batch, x).rounding == "bfloat16");
  CHECK(ids(identify_sum(one, x)) == "E9");
}

TEST_CASE("a buffer [L, 1, d] is the table [L, d]") {
  const Tensor<double> p = made({});
  Tensor<double> buffer = empty<double>({8, 1, 8});
  std::copy_n(p.data(), p.size(), buffer.data());
  CHECK(ids(identify_sinusoidal(buffer)) == "plain");
}

TEST_CASE("X and P multiplied together are told from X alone") {
  Made m;
  const Tensor<double> p = made(m);
  Tensor<double> x = p, sum = p;
  for (std::size_t i = 0; i < 64; ++i) {
    x.data()[i] = std::sin(static_cast<double>(i * i));
    sum.data()[i] = std::sqrt(8.0) * (x.data()[i] + p.data()[i]);
  }
  CHECK(posenc_testing::kinds(identify_sum(sum, x)) == "sum_scaled");
}
