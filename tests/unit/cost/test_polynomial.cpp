#include <attn/cost/polynomial.hpp>

#include <attn/error.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn::cost;

namespace {

const Polynomial n = Letter::n, d = Letter::d, k = Letter::k, h = Letter::h;

Values sizes(Count len, Count width) {
  Values values;
  values[Letter::n] = len;
  values[Letter::d] = width;
  values[Letter::h] = 2;
  return values;
}

}  // namespace

TEST_CASE("a formula prints as a paper prints it, highest degree first") {
  CHECK((2 * n * n * d + 4 * n * d * d).text() == "4·n·d² + 2·n²·d");
  CHECK((2 * n * n * d + 4 * n * d * d).latex() == "4 n d^{2} + 2 n^{2} d");
  CHECK((k - 1).text() == "k − 1");
  CHECK((1 - n).text() == "−n + 1");
  CHECK((k - 1).latex() == "k - 1");
  CHECK((n * d * d / h).text() == "n·d²/h");
  CHECK((n * d * d / h).latex() == "n d^{2} / h");
  CHECK((d / (n * h)).text() == "d/h·n");
  CHECK(Polynomial().text() == "0");
  CHECK((n - n).text() == "0");
}

TEST_CASE("numbers are substituted where the letters stand") {
  CHECK((4 * n * d * d + 2 * n * n * d).substituted(sizes(3, 8)) == "4·3·8² + 2·3²·8");
}

TEST_CASE("values are exact") {
  // 4·3·64 + 2·9·8 = 768 + 144
  CHECK((4 * n * d * d + 2 * n * n * d).value(sizes(3, 8)) == 912);
  CHECK((n * d * d / h).value(sizes(3, 8)) == 96);  // 3·64/2
  // 2·(10⁹)²·10⁶ = 2·10²⁴ > 2⁶⁴
  CHECK(to_string((2 * n * n * d).value(sizes(1000000000, 1000000))) == "2000000000000000000000000");
  CHECK_THROWS_AS((n * n * n * n * n).value(sizes(1000000000, 1)), attn::LimitError);  // 10⁴⁵
}

TEST_CASE("a quotient that is not whole and a letter without a value are refused") {
  CHECK_THROWS_AS((d / h).value(sizes(1, 7)), std::invalid_argument);
  CHECK_THROWS_AS(k.value(sizes(1, 7)), std::invalid_argument);
  CHECK_THROWS_AS(n / (d + 1), std::invalid_argument);
}

TEST_CASE("one letter can be replaced by a number, and the rest read as a polynomial in n") {
  const Polynomial cost = 4 * n * d * d + 2 * n * n * d;
  CHECK(cost.with(Letter::d, 8).text() == "16·n² + 256·n");
  CHECK(cost.with(Letter::d, 8).coefficients(Letter::n) == std::vector<Count>{0, 256, 16});
  CHECK_THROWS_AS(cost.coefficients(Letter::n), std::invalid_argument);
  CHECK((d * d / h).with(Letter::d, 8).with(Letter::h, 2).text() == "32");
  CHECK_THROWS_AS((d * d / h).with(Letter::h, 2), std::invalid_argument);
}

TEST_CASE("common factors of letters and of coefficients are found") {
  const Polynomial difference = 2 * n * n * d - 4 * n * d * d;
  CHECK(difference.common_factor().text() == "n·d");
  CHECK((difference / difference.common_factor()).primitive().text() == "−2·d + n");
  Polynomial positive, negative;
  difference.split_by_sign(positive, negative);
  CHECK(positive.text() == "2·n²·d");
  CHECK(negative.text() == "4·n·d²");
}

TEST_CASE("the degree in a letter is its highest power") {
  CHECK((4 * n * d * d + 2 * n * n * n).degree(Letter::n) == 3);
  CHECK((4 * n * d * d).degree(Letter::d) == 2);
  CHECK((4 * n * d * d).degree(Letter::k) == 0);
}
