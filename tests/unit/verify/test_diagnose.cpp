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

namespace {

Explained naming(const std::vector<std::pair<std::string, std::string>>& ids_and_partners, bool rest) {
  Explained found;
  found.rest = rest;
  for (const auto& [id, with] : ids_and_partners) {
    Diagnosis diagnosis{id, mistakes_of(id).front()->variant, Step::output, true, false, 0, ""};
    diagnosis.with = with;
    found.diagnosis.push_back(diagnosis);
  }
  return found;
}

// What is named where all cells say `counting`, and those that are no padding `counts`.
std::string named_of(const Explained& counting, const Explained& counts, bool others_may_tell = true) {
  return ids_of(with_or_without_padding(others_may_tell, [&](Padding padding) { return padding == Padding::counts ? counting : counts; }).diagnosis);
}

}  // namespace

TEST_CASE("one mistake of what counts stands before two that account for padding, too") {
  const Explained pair = naming({{"P1", "M2"}, {"M2", "P1"}}, true), alone = naming({{"P1", ""}}, true);
  CHECK(named_of(pair, alone) == "P1");
  CHECK(named_of(pair, alone, false) == "P1 M2");
  CHECK(named_of(pair, naming({{"P1", ""}}, false)) == "P1 M2");                      // which leaves the rest open
  CHECK(named_of(pair, naming({{"C2", "M7"}, {"M7", "C2"}}, true)) == "P1 M2");
}

TEST_CASE("a mask that shuts queries of padding, too, stands beside what explains the rest alone") {
  CHECK(named_of(naming({{"M2", ""}}, true), naming({{"M2", ""}, {"M15", ""}}, true)) == "M2 M15");
  CHECK(named_of(naming({{"C2", ""}}, true), naming({{"C3", ""}}, true)) == "C2");      // no mask: it is not asked again
}

TEST_CASE("what counts is looked at where all cells leave something open") {
  CHECK(named_of(naming({}, false), naming({{"C2", ""}}, false)) == "C2");
  CHECK(named_of(naming({{"C3", ""}}, false), naming({{"C2", ""}}, true)) == "C2");
  CHECK(named_of(naming({{"C3", ""}}, false), naming({{"C2", ""}}, false)) == "C3");
}
