#include "naive.hpp"

#include <attn/verify/median_ratio.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace attn;

TEST_CASE("the median ratio is the factor, whatever a few cells hold") {
  Tensor<double> right = naive::numbers<double>({3, 5}, 1), wrong = right * 1.25;
  right(0, 0) = 0;  // no ratio
  wrong(1, 1) = 0;  // no factor
  wrong(2, 2) = std::numeric_limits<double>::quiet_NaN();
  wrong(0, 3) = 1e9;
  CHECK(median_ratio(wrong, right) == doctest::Approx(1.25).epsilon(1e-15));
}

TEST_CASE("without a cell that has a ratio, or with another shape, there is none") {
  CHECK_FALSE(median_ratio(filled<double>({2, 2}, 0), filled<double>({2, 2}, 1)));
  CHECK_FALSE(median_ratio(filled<double>({2, 2}, 1), filled<double>({2, 2}, 0)));
  CHECK_FALSE(median_ratio(filled<double>({2, 2}, 1), filled<double>({4}, 1)));
  CHECK_FALSE(median_ratio(empty<double>({0, 2}), empty<double>({0, 2})));
}

TEST_CASE("of a large tensor a part is enough, and all of it where the part has nothing") {
  Tensor<double> right = filled<double>({200000}, 2), wrong = filled<double>({200000}, 3);
  CHECK(median_ratio(wrong, right) == 1.5);
  for (double& value : wrong.storage()) value = 0;
  wrong(199998) = 7;
  CHECK(median_ratio(wrong, right) == 3.5);
}

TEST_CASE("cells that are alike say nothing of a factor, nor do three others") {
  Tensor<double> right = filled<double>({10}, 2.0), wrong = right;
  for (std::size_t i = 0; i < 4; ++i) wrong.data()[i] = 3;
  CHECK(*median_ratio_of_changed(wrong, right) == 1.5);
  wrong.data()[0] = 0;  // dropped
  CHECK_FALSE(median_ratio_of_changed(wrong, right));
  CHECK_FALSE(median_ratio_of_changed(right, right));
  CHECK_FALSE(median_ratio_of_changed(right, filled<double>({9}, 2.0)));
}
