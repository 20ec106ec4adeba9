#include "verify/cases.hpp"

#include <attn/grad/finite_difference.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace attn;

TEST_CASE("where the loss is linear, the measured slope is the factor") {
  // The output is linear in the merged heads: its slope is upstream·W_oᵀ; for the output itself it is upstream.
  const Problem<double> problem = loops::problem_of(loops::square());
  const Tensor<double> upstream = naive::numbers<double>(problem.output_shape, 3);
  for (const FiniteDifference& each : finite_differences(problem, Step::output, upstream, 1000)) {
    CHECK(std::abs(each.value - upstream.data()[each.element]) < 1e-9);
  }
}

TEST_CASE("at most so many numbers are measured, spread over the tensor") {
  const Problem<double> problem = loops::problem_of(loops::square());
  const Tensor<double> upstream = naive::numbers<double>(problem.output_shape, 3);
  const auto few = finite_differences(problem, Step::output, upstream, 3);
  REQUIRE(few.size() == 3);
  CHECK(few[0].element == 0);
  CHECK(few[2].element == upstream.size() * 2 / 3);
  CHECK(finite_differences(problem, Step::output, upstream, 0).empty());
}

TEST_CASE("a step that the run does not have cannot be measured") {
  const Problem<double> problem = loops::problem_of(loops::square());
  CHECK_THROWS_AS(finite_differences(problem, Step::bias_k, naive::numbers<double>(problem.output_shape, 3), 1), std::logic_error);
}

TEST_CASE("the largest error is relative to the largest gradient, but never to less than one") {
  CHECK(largest_error(Tensor<double>{100, 1}, {{0, 99}, {1, 1}}) == doctest::Approx(0.01));
  CHECK(largest_error(filled<double>({1}, 0.5), {{0, 0.25}}) == 0.25);
  CHECK(largest_error(filled<double>({1}, 1), {}) == 0);
  CHECK(std::isnan(largest_error(filled<double>({1}, std::numeric_limits<double>::quiet_NaN()), {{0, 1}})));
}
