#include "verify/planted_mask.hpp"
#include "verify/planted_scores.hpp"
#include "verify/scene.hpp"

#include <attn/verify/fitting.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace attn;
using namespace loops;

namespace {

// "C2" or, of a pair, "C2 M7".
std::vector<std::string> ids(const std::vector<Fit>& fits) {
  std::vector<std::string> all;
  for (const Fit& fit : fits) {
    std::string both;
    for (const Mistake* mistake : fit.mistakes) both += (both.empty() ? "" : " ") + mistake->id;
    all.push_back(both);
  }
  return all;
}

bool has(const std::vector<std::string>& all, const std::string& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

// Unscaled, and the own key hidden from every query.
Program unscaled_without_own_key() {
  Program p{causal(), {}, {}};
  scale_by(p, 1);
  diagonal(p, -1);
  return p;
}

}  // namespace

TEST_CASE("a single mistake fits the step that it explains") {
  Program p{square(), {}, {}};
  scale_by(p, 1);
  const Scene scene(square(), p.run());
  const Divergence d = scene.divergence(Step::scores_scaled);
  const std::vector<Fit> found = Fitting(d).singles();
  CHECK(has(ids(found), "C2"));
  for (const Fit& fit : found) CHECK(fit.rest);
}

TEST_CASE("what would have changed a right step of theirs before does not fit") {
  Program p{square(), {}, {}};
  scale_by(p, 1);
  const Tensors all = p.run();
  const Scene output_alone(square(), {{Step::output, all.at(Step::output)}});
  const Divergence alone = output_alone.divergence(Step::output);
  CHECK(has(ids(Fitting(alone).singles()), "C2"));
  // The scaled scores are as they should be: the output is not wrong for want of a scale.
  const Scene contradicted(square(), {{Step::scores_scaled, output_alone.ours.at(Step::scores_scaled)}, {Step::output, all.at(Step::output)}});
  const Divergence d = contradicted.divergence(Step::output);
  CHECK_FALSE(has(ids(Fitting(d).singles()), "C2"));
}

TEST_CASE("two mistakes behind one tensor fit as a pair") {
  const Tensors all = unscaled_without_own_key().run();
  const Scene scene(causal(), {{Step::output, all.at(Step::output)}});
  const Divergence d = scene.divergence(Step::output);
  Fitting fitting(d);
  CHECK(fitting.singles().empty());
  CHECK(has(ids(fitting.pairs()), "C2 M7"));
  CHECK_FALSE(fitting.pairs_left_out());
}

TEST_CASE("pairs are of mistakes that were made alone before") {
  const Tensors all = unscaled_without_own_key().run();
  const Scene scene(causal(), {{Step::output, all.at(Step::output)}});
  const Divergence d = scene.divergence(Step::output);
  CHECK(Fitting(d).pairs().empty());
}

TEST_CASE("mistakes at one step alone make no pair, for the first one hides the other") {
  Program p{causal(), {}, {}};
  Tensors all = p.run();
  for (double& score : all[Step::scores_scaled].storage()) score = -score * score;
  const Scene scene(causal(), all);
  const Divergence d = scene.divergence(Step::scores_scaled);
  Fitting fitting(d);
  CHECK(fitting.singles().empty());
  CHECK(fitting.pairs().empty());
  const Mistake &first = *mistakes_of("C2").front(), &second = *mistakes_of("C3").front();
  REQUIRE(first.acts_on == second.acts_on);
  CHECK(MistakenRun(scene.problem, {&first, &second}).get(Step::output) == MistakenRun(scene.problem, {&first}).get(Step::output));
}

TEST_CASE("the result is kept where no weight is changed") {
  Program p{causal(), {}, {}};
  const Scene scene(causal(), p.run());
  const Divergence d = scene.divergence(Step::scores_masked);
  const auto row = [](const char* id, const char* variant) {
    const auto rows = mistakes_of(id);
    return *std::find_if(rows.begin(), rows.end(), [&](const Mistake* mistake) { return mistake->variant == variant; });
  };
  CHECK(keeps_result(d, *row("M9", "-1e9 added")));
  CHECK_FALSE(keeps_result(d, *row("M9", "-10 added")));  // exp(−10) is not nothing
}
