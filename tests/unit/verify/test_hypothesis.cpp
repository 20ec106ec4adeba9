#include "verify/planted_scores.hpp"
#include "verify/scene.hpp"
#include "verify/submission.hpp"

#include <attn/verify/hypothesis.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// The run with the first row of an id, held against theirs at a step.
struct Held {
  const Divergence divergence;
  MovedProblem moved;
  Hypothesis hypothesis;

  Held(const Scene& scene, Step step, const char* id)
      : divergence(scene.divergence(step)), moved(scene.problem), hypothesis(divergence, {mistakes_of(id).front()}, first_difference(divergence), moved) {}
};

Program scaled(double factor) {
  Program p{square(), {}, {}};
  scale_by(p, factor);
  return p;
}

}  // namespace

TEST_CASE("a hypothesis shows nothing where its mistake changes nothing") {
  const Scene scene(square(), scaled(1).run());
  CHECK(Held(scene, Step::scores_scaled, "C2").hypothesis.shown(Step::scores_scaled) != nullptr);
  CHECK(Held(scene, Step::scores_scaled, "M13").hypothesis.shown(Step::scores_scaled) == nullptr);  // there is no window
}

TEST_CASE("a hypothesis goes on from theirs") {
  Tensors theirs = scaled(1).run();
  theirs[Step::scores_raw](1, 2, 3, 4) = 17;
  theirs[Step::scores_scaled] = theirs[Step::scores_raw];  // not scaled: C2
  CHECK(Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.residual(Step::scores_scaled, {0, 0, false}) == 0);
}

TEST_CASE("what a hypothesis leaves of a step is the largest difference") {
  Tensors theirs = scaled(1).run();
  theirs[Step::scores_scaled](0, 0, 0, 0) += 1e-7;
  const auto residual = Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.residual(Step::scores_scaled, {0, 1e-6, false});
  REQUIRE(residual);
  CHECK(*residual == doctest::Approx(1e-7).epsilon(1e-6));
  theirs[Step::scores_scaled](0, 0, 0, 0) += 1;
  CHECK_FALSE(Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.residual(Step::scores_scaled, {0, 1e-6, false}));
}

TEST_CASE("a hypothesis may be as far off as float32 rounding of its own numbers goes") {
  Tensors theirs = scaled(1).run();
  theirs[Step::scores_scaled] = saved_as_float32(theirs[Step::scores_scaled]);
  theirs.erase(Step::scores_raw);
  CHECK(Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.residual(Step::scores_scaled, {0, 1e-12, false}));
  for (double& score : theirs[Step::scores_scaled].storage()) score *= 1.001;
  CHECK_FALSE(Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.residual(Step::scores_scaled, {0, 1e-12, false}));
}

TEST_CASE("the rest follows if every later step of theirs does") {
  Tensors theirs = scaled(1).run();
  CHECK(Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.gives_the_rest());
  theirs[Step::output](1, 4, 5) += 0.1;
  CHECK_FALSE(Held(Scene(square(), theirs), Step::scores_scaled, "C2").hypothesis.gives_the_rest());
}

TEST_CASE("the moved problem is moved by about half a unit of float32, and made once") {
  const Problem<double> problem = problem_of(square());
  MovedProblem moved(problem);
  const Tensor<double>& x = moved.get().inputs.at(Step::x);
  CHECK(x != problem.inputs.at(Step::x));
  CHECK(agree(x, problem.inputs.at(Step::x), {2e-7, 0, false}));
  CHECK(&moved.get().inputs.at(Step::x) == &x);
}
