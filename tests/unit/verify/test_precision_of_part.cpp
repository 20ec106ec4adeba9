#include "verify/given_heads.hpp"
#include "verify/submission.hpp"

#include <attn/verify/precision_of_part.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace attn;
using namespace loops;

namespace {

Diagnosis suspected(Step step, const std::string& id = "T2") { return {id, "", step, true, false, 0, ""}; }

// By rounding to 2^-8 of the next larger power of two.
void keep_8_bits(double& number) {
  int exponent = 0;
  const double mantissa = std::frexp(number, &exponent);
  number = std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
}

}  // namespace

TEST_CASE("a step in few digits has lost precision in the part, and a right one has not") {
  const Problem<double> problem = given_heads(2, 120);
  const Part part(problem, Slice{1, 0});
  Tensors theirs = run_problem(problem);
  CHECK_FALSE(precision_of_part(part, submission_of(theirs), suspected(Step::scores_scaled), {}).differs);
  for (double& score : theirs[Step::scores_scaled].storage()) keep_8_bits(score);
  const PrecisionOfPart found = precision_of_part(part, submission_of(theirs), suspected(Step::scores_scaled), {});
  CHECK(found.differs);
  REQUIRE(found.loss);
  CHECK(found.loss->id == "T2");
  CHECK(found.loss->variant == "bfloat16");
}

TEST_CASE("a step that is wrong otherwise differs, and lost no precision") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  for (double& score : theirs[Step::scores_scaled].storage()) score = 1 - score;
  const PrecisionOfPart found = precision_of_part(Part(problem, Slice{0, 1}), submission_of(theirs), suspected(Step::scores_scaled), {});
  CHECK(found.differs);
  CHECK_FALSE(found.loss);
}

TEST_CASE("what is wrong before the step is not held against it") {
  const Problem<double> problem = given_heads(2, 120);
  const Tensors theirs = with_scaled(problem, [](Index, Index) { return 1.0; });
  CHECK_FALSE(precision_of_part(Part(problem, Slice{0, 1}), submission_of(theirs), suspected(Step::weights), {}).differs);
}

TEST_CASE("a part is asked for the loss that was suspected, and no other") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  for (double& weight : theirs[Step::weights].storage()) keep_8_bits(weight);
  const Part part(problem, Slice{1, 0});
  CHECK_FALSE(precision_of_part(part, submission_of(theirs), suspected(Step::weights, "W6"), {}).loss);
  CHECK(precision_of_part(part, submission_of(theirs), suspected(Step::weights), {}).loss);
}

TEST_CASE("the whole has lost precision where every part that differs has") {
  const Problem<double> problem = given_heads(2, 120);
  Tensors theirs = run_problem(problem);
  CHECK_FALSE(lost_in_every_part(problem, submission_of(theirs), suspected(Step::scores_scaled), {}));  // it is right
  Tensor<double>& scores = theirs[Step::scores_scaled];
  std::for_each_n(scores.data(), scores.size() / 2, keep_8_bits);  // sample 0; the other is right
  const auto lost = lost_in_every_part(problem, submission_of(theirs), suspected(Step::scores_scaled), {});
  REQUIRE(lost);
  CHECK(lost->variant == "bfloat16");
  scores.data()[scores.size() - 1] += 1;
  CHECK_FALSE(lost_in_every_part(problem, submission_of(theirs), suspected(Step::scores_scaled), {}));
}
