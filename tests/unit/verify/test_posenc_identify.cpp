#include <attn/verify/posenc_identify.hpp>

#include "posenc_testing.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace attn::posenc;

TEST_CASE("the simplest explanation hides those that need more, and they become blind spots") {
  const Deviation a{"A", "a"}, b{"B", "b"}, c{"C", "c"};
  const Identification found = simplest({{{a, b}, 0.5}, {{a}, 0.1}, {{c}, 0.2}, {{b, c}, 0}}, "float64");
  CHECK(posenc_testing::ids(found) == "A | C");
  CHECK(posenc_testing::has_blind_spot(found, "B"));
  CHECK_FALSE(posenc_testing::has_blind_spot(found, "C"));
  CHECK(found.rounding == "float64");
}

TEST_CASE("nothing that fits is no explanation") { CHECK(simplest({}, "float64").explanations.empty()); }

TEST_CASE("a definite deviation comes before one with a fitted number, and another number is no other explanation") {
  const Deviation fitted{"E6", "base", "500", "10000", Freedom::number}, other{"E6", "base", "600", "10000", Freedom::number}, definite{"E4", "doubled"}, extra{"E3", "width_minus_2"};
  const Identification found = simplest({{{fitted}, 0}, {{extra, other}, 0}, {{definite}, 0}}, "float64");
  CHECK(posenc_testing::ids(found) == "E4 | E6");
  const Deviation one_more{"E1", "odd_dropped"};
  CHECK(posenc_testing::ids(simplest({{{definite}, 0}, {{one_more, other}, 0}}, "float64")) == "E4");
}

TEST_CASE("a round number with one more deviation is a tie of a number that is not round, and of nothing simpler") {
  const Deviation odd{"E6", "base", "3968.5", "10000", Freedom::number}, round{"E6", "base", "500", "10000", Freedom::round_number}, e3{"E3", "width_minus_2"};
  const Deviation thousand{"E6", "base", "1000", "10000", Freedom::round_number}, million{"E6", "base", "1000000", "10000", Freedom::round_number}, e4{"E4", "doubled"};
  CHECK(posenc_testing::ids(simplest({{{e3, round}, 0}, {{odd}, 0}}, "float64")) == "E6 | E3 E6");
  CHECK(posenc_testing::ids(simplest({{{e4, thousand}, 0}, {{million}, 0}}, "float64")) == "E6");
}

TEST_CASE("a number is round with one digit, and known to half a unit of its last one") {
  CHECK(is_round(500));
  CHECK(is_round(0.2));
  CHECK_FALSE(is_round(1230));
  CHECK(half_last_digit(1230) == doctest::Approx(5));
  CHECK(half_last_digit(500) == doctest::Approx(50));
  CHECK(half_last_digit(0.25) == doctest::Approx(0.005));
}

TEST_CASE("numbers are written short, factors of a table by their meaning, and round ones are tried first") {
  CHECK(short_number(10000) == "10000");
  CHECK(short_number(2.5) == "2.5");
  CHECK(short_number(0.00012) == "0.00012");
  CHECK(factor_text(std::sqrt(8.0), 8) == "√d");
  CHECK(factor_text(1 / std::sqrt(8.0), 8) == "1/√d");
  CHECK(factor_text(3, 8) == "3");
  CHECK(round_numbers_near(499.94).front() == 500);
  CHECK(round_numbers_near(12345.678).back() == doctest::Approx(12345.678));
}
