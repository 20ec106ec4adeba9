#include "verify/given_heads.hpp"
#include "verify/submission.hpp"

#include <attn/verify/bearing_out.hpp>
#include <attn/verify/judging.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

Diagnosis at_scale(const char* id, const char* variant = "", bool convention = false) {
  return {id, variant, Step::scores_scaled, true, convention, 0, ""};
}

Explained borne(const Tensors& theirs, const Explained& of_slice, const std::vector<Diagnosis>& tied = {}) {
  const Problem<double> problem = given_heads(2, 120);
  const Submission submission = submission_of(theirs);
  const SmallRun small(problem);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).verdicts();
  const Confirmation whole(small, submission, verdicts, Step::scores_scaled);
  return borne_out(of_slice, whole, [&](const std::vector<const Mistake*>&) { return tied; });
}

// Scores times `factor` in every head, but for the last head of the last sample: there times `last`.
Tensors scaled(double factor, double last) {
  return with_scaled(given_heads(2, 120), [=](Index b, Index h) { return b == 1 && h == 3 ? last : factor; });
}

}  // namespace

TEST_CASE("what gives all of theirs is borne out, and what does not is not") {
  const Explained found = borne(scaled(1, 1), {{at_scale("C3"), at_scale("C2")}, true, false});
  CHECK(ids_of(found.diagnosis) == "C2");
  CHECK(found.rest);
  CHECK(borne(scaled(1, 0.5), {{at_scale("C2")}, true, false}).diagnosis.empty());
}

TEST_CASE("what gives the step and not the rest is borne out for the step") {
  Tensors theirs = scaled(1, 1);
  theirs[Step::weights](1, 2, 50, 3) += 0.5;
  const Explained found = borne(theirs, {{at_scale("C2")}, true, false});
  CHECK(ids_of(found.diagnosis) == "C2");
  CHECK_FALSE(found.rest);
}

TEST_CASE("a tie is added where the whole bears it out, too") {
  // Heads of 3: a scale of 1 is no scale; 1/3 is one over the width.
  CHECK(ids_of(borne(scaled(1, 1), {{at_scale("C2")}, true, false}, {at_scale("C3"), at_scale("C7", "not scaled")}).diagnosis) == "C2");
  CHECK(ids_of(borne(scaled(1.0 / 3, 1.0 / 3), {{at_scale("C3")}, true, false}, {at_scale("C2"), at_scale("C5")}).diagnosis) == "C3 C5");
}

TEST_CASE("the last resort is tried where nothing else is borne out") {
  Explained of_slice{{at_scale("C2")}, true, false};
  of_slice.last_resort = {at_scale("C7", "another factor")};
  CHECK(ids_of(borne(scaled(1, 1), of_slice).diagnosis) == "C2");
  CHECK(ids_of(borne(scaled(0.7, 0.7), of_slice).diagnosis) == "C7");
}

TEST_CASE("a convention that changes a result somewhere is none") {
  CHECK_FALSE(borne(scaled(1, 1), {{at_scale("C2", "", true)}, true, false}).diagnosis.front().convention);
}
