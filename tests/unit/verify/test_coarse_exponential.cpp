#include "verify/cases.hpp"
#include "verify/submission.hpp"

#include <attn/verify/coarse_exponential.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// A softmax with another exponential of the score below its row's maximum.
Tensors with_exponential(const Case& c, double (*exponential)(double)) {
  Program p{c, {}, {}};
  p.replaced[Step::weights] = [exponential](const Program&, const Tensors& t) {
    const Array& scores = t.at(Step::scores_masked);
    return cells4(attn::shape_of(scores), [&](Index b, Index h, Index i, Index j) {
      double top = -infinity, sum = 0;
      for (Index k = 0; k < scores.shape(3); ++k) top = std::max(top, scores(b, h, i, k));
      for (Index k = 0; k < scores.shape(3); ++k) sum += exponential(scores(b, h, i, k) - top);
      return exponential(scores(b, h, i, j) - top) / sum;
    });
  };
  return p.run();
}

Program right(const Case& c) { return {c, {}, {}}; }

std::optional<Diagnosis> judged(const Case& c, const Tensors& theirs) {
  const Problem<double> problem = problem_of(c);
  const Tensors ours = run_problem(problem);
  std::map<Step, Tolerance> tolerances;
  for (const auto& [step, tensor] : ours) tolerances[step] = {1e-6, 1e-6, false};
  const std::vector<StepVerdict> verdicts;
  const Divergence divergence{problem, theirs, ours, tolerances, Step::weights, {1e-6, 1e-6, false}, verdicts};
  Evaluator<double> run(problem);
  return approximate_exponential(divergence, run, run.compute(Step::weights));
}

}  // namespace

TEST_CASE("a coarse exponential is told by its errors, which are one function of the score") {
  // (1 + x/64)^64, and one over the first terms of the series of exp(−x).
  const auto power = judged(square(), with_exponential(square(), [](double x) { return std::pow(std::max(0.0, 1 + x / 64), 64); }));
  REQUIRE(power);
  CHECK(power->id == "W6");
  CHECK(power->step == Step::weights);
  CHECK(judged(causal(), with_exponential(causal(), [](double x) { return x == -infinity ? 0 : 1 / (1 - x + x * x / 2 - x * x * x / 6); })));
}

TEST_CASE("another temperature is no coarse exponential") {
  CHECK_FALSE(judged(square(), with_exponential(square(), [](double x) { return std::exp(1.1 * x); })));
}

TEST_CASE("noise is no coarse exponential") {
  Tensors theirs = right(square()).run();
  double sign = 1e-3;
  for (double& weight : theirs[Step::weights].storage()) {
    weight *= 1 + sign;
    sign = weight > 0.2 ? -sign : sign * -0.9 - 2e-4;
  }
  CHECK_FALSE(judged(square(), theirs));
}

TEST_CASE("one wrong weight is no coarse exponential") {
  Tensors theirs = right(square()).run();
  theirs[Step::weights](0, 1, 2, 3) *= 1.2;
  CHECK_FALSE(judged(square(), theirs));
}

TEST_CASE("a series of two terms is a coarse exponential, and scores of unit vectors are none") {
  CHECK(judged(square(), with_exponential(square(), [](double x) { return x < -4 ? 0.0 : 1 + x + x * x / 2; })));
  Program p = right(square());
  const auto of_length_one = [](Step step) {
    return [step](const Program& given, const Tensors& t) {
      Array rows = given.right(step, t);
      for (Index row = 0; row < rows.size() / 2; ++row) {
        double* const cells = rows.data() + 2 * row;
        const double length = std::hypot(cells[0], cells[1]);
        cells[0] /= length;
        cells[1] /= length;
      }
      return rows;
    };
  };
  p.replaced[Step::q] = of_length_one(Step::q);
  p.replaced[Step::k] = of_length_one(Step::k);
  CHECK_FALSE(judged(square(), {{Step::weights, p.run().at(Step::weights)}}));
}

TEST_CASE("smoothed weights are no coarse exponential") {
  Tensors mixed = right(square()).run(), added = mixed;
  for (double& weight : mixed[Step::weights].storage()) weight = 0.99 * weight + 0.01 / 5;
  for (double& weight : added[Step::weights].storage()) weight = (weight + 1e-3) / (1 + 5e-3);
  CHECK_FALSE(judged(square(), mixed));
  CHECK_FALSE(judged(square(), added));
}

TEST_CASE("weights that leak to forbidden keys, or whose rows are more than one, are no softmax") {
  for (const Case& c : {causal(), square()}) {
    Tensors theirs = right(c).run();
    for (double& weight : theirs[Step::weights].storage()) weight += 1e-3;
    CHECK_FALSE(judged(c, theirs));
  }
}
