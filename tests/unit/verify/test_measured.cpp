#include "verify/cases.hpp"

#include <attn/verify/measured.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

Tensor<double> times(Tensor<double> tensor, double factor) {
  for (double& value : tensor.storage()) value *= factor;
  return tensor;
}

}  // namespace

TEST_CASE("a factor on the scores is read off, whatever stands before it") {
  const Problem<double> problem = problem_of(square());
  const Tensor<double> raw = run_problem(problem).at(Step::scores_raw);
  const auto found = measured_number("C7", "another factor", problem, {{Step::scores_raw, raw}, {Step::scores_scaled, times(raw, 0.3)}});
  REQUIRE(found);
  CHECK(*found == doctest::Approx(0.3));
}

TEST_CASE("a factor that only the weights show is told with the scale") {
  const Problem<double> problem = problem_of(square());  // heads of 2
  const Tensor<double> scores = run_problem(problem).at(Step::scores_masked);
  const auto found = measured_number("C7", "another factor in the softmax", problem, {{Step::weights, softmax_rows(times(scores, 0.4))}});
  REQUIRE(found);
  CHECK(*found == doctest::Approx(0.4 / std::sqrt(2.0)));
}

TEST_CASE("a fill value is read off the first forbidden cell") {
  const Problem<double> problem = problem_of(causal());
  Tensor<double> masked = run_problem(problem).at(Step::scores_masked);
  for (double& value : masked.storage()) value = std::isinf(value) ? -7.5 : value;
  CHECK(measured_number("M9", "-10", problem, {{Step::scores_masked, masked}}) == std::optional<double>(-7.5));
  // Not handed in: the number of the table.
  CHECK(measured_number("M9", "-10", problem, {}) == std::optional<double>(-10));
}

TEST_CASE("the rate of dropout is one minus the reciprocal of what was kept") {
  const Problem<double> problem = problem_of(square());
  Tensor<double> weights = times(run_problem(problem).at(Step::weights), 1.25);  // 1 / (1 − 0.2)
  weights.data()[3] = weights.data()[11] = 0;
  const auto found = measured_number("W4", "", problem, {{Step::weights, weights}});
  REQUIRE(found);
  CHECK(*found == doctest::Approx(0.2));
}

TEST_CASE("a soft cap is read off the largest score") {
  const Problem<double> problem = problem_of(capped());  // with the cap 0.5
  Tensor<double> scores = run_problem(problem).at(Step::scores_scaled);
  for (double& value : scores.storage()) value = 0.8 * std::tanh(value / 0.8);
  const auto found = measured_number("X2", "another cap", problem, {{Step::scores_capped, scores}});
  REQUIRE(found);
  CHECK(*found == doctest::Approx(0.8).epsilon(1e-6));
}

TEST_CASE("a mistake without a free number has none") {
  const Problem<double> problem = problem_of(square());
  CHECK_FALSE(measured_number("C1", "", problem, {}));
  CHECK_FALSE(measured_number("M9", "-10", problem, {}));  // no mask
  CHECK_FALSE(measured_number("C7", "no such variant", problem, {}));
}
