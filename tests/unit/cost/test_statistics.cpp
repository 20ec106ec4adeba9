#include <attn/cost/statistics.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace attn::cost;

TEST_CASE("median and quartiles are interpolated between neighbours") {
  const Summary odd = summarize({5, 1, 3, 2, 4});
  CHECK(odd.median == 3);
  CHECK(odd.first_quartile == 2);
  CHECK(odd.third_quartile == 4);
  CHECK(odd.least == 1);
  CHECK(odd.largest == 5);
  const Summary even = summarize({1, 2, 3, 4});  // places 0.75, 1.5 and 2.25
  CHECK(even.median == 2.5);
  CHECK(even.first_quartile == 1.75);
  CHECK(even.third_quartile == 3.25);
  CHECK(summarize({7}).median == 7);
  CHECK(summarize({7}).spread() == 0);
  CHECK_THROWS_AS(summarize({}), std::invalid_argument);
}

TEST_CASE("outliers lie more than 1.5 interquartile ranges outside the quartiles") {
  // Quartiles of 1 … 8 and 30: places 2, 4, 6 are 3, 5, 7; the fences are -3 and 13.
  CHECK(summarize({1, 2, 3, 4, 5, 6, 7, 8, 30}).outliers == 1);
  CHECK(summarize({1, 2, 3, 4, 5, 6, 7, 8, 13}).outliers == 0);
  CHECK(summarize({-30, 2, 3, 4, 5, 6, 7, 8, 30}).outliers == 2);
}

TEST_CASE("an exact power law is found exactly, without any margin") {
  const PowerLaw law = fit_power_law({1, 2, 4, 8}, {3, 12, 48, 192});  // 3·x²
  CHECK(std::abs(law.exponent - 2) < 1e-12);
  CHECK(law.margin < 1e-6);
  CHECK(law.points == 4);
  CHECK(law.range == 8);
  REQUIRE(law.local_exponents.size() == 3);
  CHECK(std::abs(law.local_exponents[1] - 2) < 1e-12);
}

TEST_CASE("the margin is Student's t times the standard error of the slope") {
  // In base-2 logarithms x = 0, 1, 2, 3 and y = 0, 2, 2, 4: slope Σ(x−x̄)(y−ȳ)/Σ(x−x̄)² = 6/5. Residuals
  // −0.2, 0.6, −0.6, 0.2 have squares that sum to 0.8; √(0.8/2/5) = 0.28284; times 4.303 for 2 degrees.
  const PowerLaw law = fit_power_law({1, 2, 4, 8}, {1, 4, 4, 16});
  CHECK(std::abs(law.exponent - 1.2) < 1e-12);
  CHECK(std::abs(law.margin - 4.303 * std::sqrt(0.08)) < 1e-9);
  CHECK(std::isinf(fit_power_law({1, 2}, {1, 4}).margin));
  CHECK(student_t_95(2) == 4.303);
  CHECK(std::abs(student_t_95(40) - 2.021) < 0.005);
  CHECK(std::isinf(student_t_95(0)));
}

TEST_CASE("a fit needs positive numbers and two different sizes") {
  CHECK_THROWS_AS(fit_power_law({1}, {1}), std::invalid_argument);
  CHECK_THROWS_AS(fit_power_law({2, 2}, {1, 3}), std::invalid_argument);
  CHECK_THROWS_AS(fit_power_law({1, 2}, {0, 3}), std::invalid_argument);
  CHECK_THROWS_AS(fit_power_law({1, 2}, {1, 2, 3}), std::invalid_argument);
}

TEST_CASE("the verdict agrees within 0.15, and says nothing where the range cannot tell") {
  CHECK(judge(fit_power_law({1, 2, 4, 8}, {1, 4, 16, 64}), 2) == Verdict::agrees);
  CHECK(judge(fit_power_law({1, 2, 4, 8}, {1, 4, 16, 64}), 1.9) == Verdict::agrees);
  CHECK(judge(fit_power_law({1, 2, 4, 8}, {1, 4, 16, 64}), 1) == Verdict::differs);
  CHECK(judge(fit_power_law({1, 2, 4}, {1, 4, 16}), 2) == Verdict::too_small);            // three sizes
  CHECK(judge(fit_power_law({4, 5, 6, 7}, {16, 25, 36, 49}), 2) == Verdict::too_small);   // a factor of 1.75
  // Slopes 2.4, 2, 2.4, 1.95: no trend from end to end, but a margin above 0.3 with one more bend.
  CHECK(judge(fit_power_law({1, 2, 4, 8}, {1, 1.5, 8, 12}), 1.5) == Verdict::noisy);
  // An overhead of 10 that fades: slopes 0.35, 0.9, 1.5.
  CHECK(judge(fit_power_law({1, 2, 4, 8}, {11, 14, 26, 74}), 2) == Verdict::changing);
}
