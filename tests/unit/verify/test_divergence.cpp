#include "verify/cases.hpp"
#include "verify/scene.hpp"

#include <attn/verify/divergence.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

TEST_CASE("theirs is known where it was handed in with the shape of ours") {
  Scene scene(square(), run_problem(problem_of(square())));
  scene.theirs.erase(Step::scores_raw);
  scene.theirs[Step::weights] = filled<double>({2, 3, 5, 6}, 0.1);  // one key more
  const Divergence d = scene.divergence(Step::output);
  CHECK(is_known(d, Step::scores_scaled));
  CHECK_FALSE(is_known(d, Step::scores_raw));
  CHECK_FALSE(is_known(d, Step::weights));
  CHECK_FALSE(is_known(d, Step::mask));  // there is none
}

TEST_CASE("the first difference lies before the step to explain, or is it") {
  Scene scene(square(), run_problem(problem_of(square())));
  scene.theirs[Step::weights](1, 2, 4, 0) += 0.01;
  CHECK(first_difference(scene.divergence(Step::output)) == Step::weights);
  CHECK(first_difference(scene.divergence(Step::scores_scaled)) == Step::scores_scaled);
  scene.theirs[Step::k] = filled<double>({2, 3, 2, 5}, 0.0);  // of another shape
  CHECK(first_difference(scene.divergence(Step::output)) == Step::k);
}
