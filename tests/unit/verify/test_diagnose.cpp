#include "verify/planted_mask.hpp"
#include "verify/planted_scores.hpp"
#include "verify/scene.hpp"
#include "verify/submission.hpp"

#include <attn/verify/diagnose.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

Explained explained(const Scene& scene, Step step) { return diagnose(scene.divergence(step)); }

Program scaled(const Case& c, double factor) {
  Program p{c, {}, {}};
  scale_by(p, factor);
  return p;
}

}  // namespace

TEST_CASE("a mistake that also explains everything after it says so") {
  const Scene scene(square(), scaled(square(), 1).run());
  const auto [found, rest, left_out, last_resort, padding] = explained(scene, Step::scores_scaled);
  CHECK(ids_of(found) == "C2");
  CHECK(rest);
  CHECK(found.at(0).explains);
  CHECK(found.at(0).residual < 1e-12);
}

TEST_CASE("a mistake that leaves a later step unexplained says that too") {
  Tensors theirs = scaled(square(), 1).run();
  theirs[Step::output](0, 0, 0) += 1;
  const auto [found, rest, left_out, last_resort, padding] = explained(Scene(square(), theirs), Step::scores_scaled);
  CHECK(names(found, "C2"));
  CHECK_FALSE(rest);
}

TEST_CASE("a factor that no mistake has is reported as such") {
  const auto found = explained(Scene(square(), scaled(square(), 0.377).run()), Step::scores_scaled).diagnosis;
  REQUIRE(ids_of(found) == "C7");
  CHECK(found[0].variant == "another factor");
}

TEST_CASE("an earlier step of theirs that is right contradicts a mistake that would have changed it") {
  // Only raw scores (right) and the output of a run with C2: C6 or P-mistakes cannot be the reason.
  const Tensors all = scaled(square(), 1).run();
  const auto found = explained(Scene(square(), {{Step::scores_raw, all.at(Step::scores_raw)}, {Step::output, all.at(Step::output)}}), Step::output).diagnosis;
  CHECK(names(found, "C2"));
  for (const Diagnosis& d : found) CHECK(d.id[0] != 'P');
}

TEST_CASE("a convention is one only while the result is ours") {
  Program p{causal(), {}, {}};
  masked_by(p, [](double score, bool forbidden) { return forbidden ? -1e9 : score; });
  const auto strong = explained(Scene(causal(), p.run()), Step::scores_masked).diagnosis;
  REQUIRE(ids_of(strong) == "M9");
  CHECK(strong[0].convention);
  // exp(−10 − max) is no longer zero
  masked_by(p, [](double score, bool forbidden) { return forbidden ? -10 : score; });
  const auto weak = explained(Scene(causal(), p.run()), Step::scores_masked).diagnosis;
  REQUIRE(names(weak, "M9"));
  for (const Diagnosis& d : weak) CHECK_FALSE(d.convention);
}

