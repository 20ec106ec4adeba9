#include "verify/cases.hpp"
#include "verify/submission.hpp"

#include <attn/grad/verification.hpp>
#include <attn/gradient_steps.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>

using namespace attn;
using namespace loops;

namespace {

struct Run {
  Problem<double> problem;
  Tensor<double> upstream = naive::numbers<double>({2, 5, 6}, 77);
  Tensors gradients;

  explicit Run(Problem<double> given = problem_of(causal())) : problem(std::move(given)) {
    for (const Gradient& gradient : backward(problem, upstream)) gradients[gradient_of(gradient.of)] = gradient.value;
  }
  Verification judged(const VerifyOptions& options = {}) const { return verify_gradients(problem, upstream, submission_of(gradients), options); }
  Tensor<double>& of(Step step) { return gradients.at(gradient_of(step)); }
};

const StepVerdict& on(const Verification& found, Step step) { return *verdict_on(found.steps, gradient_of(step)); }

// A softmax backwards, by hand: dS = A ⊙ (dA − Σ A·dA).
Tensor<double> through_softmax(const Array& weights, const Array& d_weights) {
  return cells4(shape_of(weights), [&](Index b, Index h, Index i, Index j) {
    double sum = 0;
    for (Index k = 0; k < weights.shape(3); ++k) sum += weights(b, h, i, k) * d_weights(b, h, i, k);
    return weights(b, h, i, j) * (d_weights(b, h, i, j) - sum);
  });
}

}  // namespace

TEST_CASE("right gradients in float32 match, each by itself and end to end") {
  const Verification found = Run().judged();
  CHECK(found.verdict == Verdict::match);
  CHECK_FALSE(found.first_divergent_step);
  for (const StepVerdict& verdict : found.steps) {
    CAPTURE(std::string(name_of(verdict.step)));
    CHECK(verdict.difference.status == Status::match);
    CHECK(verdict.local == (verdict.step == gradient_of(Step::output) ? Local::unknown : Local::match));
  }
}

TEST_CASE("what comes of a wrong gradient is a consequence") {
  Run run;
  const Tensor<double> weights = run_problem(run.problem).at(Step::weights);
  CHECK(agree(run.of(Step::scores_masked), through_softmax(weights, run.of(Step::weights)), {0, 1e-12, false}));
  // The gradient of the weights twice as large as it is, and of the masked scores what follows from that.
  for (double& value : run.of(Step::weights).storage()) value *= 2;
  run.of(Step::scores_masked) = through_softmax(weights, run.of(Step::weights));
  const Verification found = run.judged();
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(found.first_divergent_step == gradient_of(Step::weights));
  CHECK(on(found, Step::weights).diverges());
  CHECK(on(found, Step::scores_masked).difference.status == Status::mismatch);
  CHECK(on(found, Step::scores_masked).local == Local::match);
  CHECK(on(found, Step::heads).difference.status == Status::match);
  CHECK(found.diagnosis.empty());
  REQUIRE(found.excess);
  CHECK(shape_of(*found.excess) == Shape{2, 3, 5, 5});
}

TEST_CASE("a gradient of another shape is reported, and not sent back") {
  Run run;
  run.of(Step::heads) = filled<double>({2, 5, 3, 2}, 0.0);
  const Verification found = run.judged();
  CHECK(found.first_divergent_step == gradient_of(Step::heads));
  CHECK(on(found, Step::heads).difference.status == Status::shape);
  CHECK_FALSE(on(found, Step::weights).diverges());
  CHECK_FALSE(found.excess);
}

TEST_CASE("agreeing on the gradient that was given is agreeing on nothing") {
  Run run;
  run.gradients = {{gradient_of(Step::output), run.of(Step::output)}};
  CHECK(run.judged().verdict == Verdict::incomparable);
}

TEST_CASE("a gradient that is nought because its terms cancel may have their rounding") {
  // A bias of the keys moves all scores of a query alike: its gradient is 0.
  Run run;
  for (const double value : run.of(Step::b_k).storage()) CHECK(std::abs(value) < 1e-12);
  for (double& value : run.of(Step::b_k).storage()) value = 1e-8;
  CHECK(run.judged().verdict == Verdict::match);
  for (double& value : run.of(Step::b_k).storage()) value = 1e-4;
  CHECK(run.judged().first_divergent_step == gradient_of(Step::b_k));
}

TEST_CASE("a given tolerance is the one that counts") {
  Run run;
  run.of(Step::w_q)(0, 0) += 1e-4;
  CHECK(run.judged().verdict == Verdict::mismatch);
  VerifyOptions wide;
  wide.tolerance = Tolerance{0, 1e-3, false};
  CHECK(run.judged(wide).verdict == Verdict::match);
}

TEST_CASE("the same NaN on both sides is said to be nothing that was compared") {
  Run run;
  run.problem.inputs.at(Step::x)(0, 0, 0) = std::nan("");
  run = Run(run.problem);
  const Verification found = run.judged();
  CHECK(found.verdict == Verdict::mismatch);
  CHECK(ids_of(found.diagnosis) == "T3");
  VerifyOptions equal_nan;
  equal_nan.equal_nan = true;
  CHECK(run.judged(equal_nan).verdict == Verdict::match);
}

TEST_CASE("NaN that comes of their NaN is a consequence") {
  Run run;
  run.of(Step::scores_scaled)(0, 1, 2, 1) = std::nan("");
  run.of(Step::scores_raw)(0, 1, 2, 1) = std::nan("");
  const Verification found = run.judged();
  CHECK(found.first_divergent_step == gradient_of(Step::scores_scaled));
  CHECK_FALSE(on(found, Step::scores_raw).diverges());
}

TEST_CASE("the gradients of maps may stand as PyTorch keeps maps") {
  const Run run;
  const auto ours = backward(run.problem, run.upstream);
  Submission theirs = submission_of(run.gradients);
  const Step of_map = gradient_of(Step::w_q), of_bias = gradient_of(Step::b_q), of_heads = gradient_of(Step::heads);
  for (const Step step : {of_map, of_bias, of_heads}) theirs.alignments.push_back({step, std::string(name_of(step)), "name", ""});
  const Tensor<double> map = theirs.tensors.at(of_map).in<double>();
  Tensor<double> turned = empty<double>({6, 6});
  for (Index in = 0; in < 6; ++in) {
    for (Index out = 0; out < 6; ++out) turned(out, in) = map(in, out);
  }
  theirs.tensors.at(of_map) = turned;
  const Submission as_ours = with_maps_turned(theirs, ours);
  CHECK(as_ours.tensors.at(of_map).in<double>() == map);
  CHECK(as_ours.alignments[0].axes == "(out, in) to (in, out)");
  CHECK(as_ours.alignments[1].axes.empty());
  CHECK(verify_gradients(run.problem, run.upstream, as_ours, {}).verdict == Verdict::match);
  // What is right as it stands is left so, and what is right neither way, too.
  CHECK(with_maps_turned(as_ours, ours).tensors.at(of_map).in<double>() == map);
  theirs.tensors.at(of_map) = filled<double>({6, 6}, 1.0);
  CHECK(with_maps_turned(theirs, ours).tensors.at(of_map).in<double>() == filled<double>({6, 6}, 1.0));
  theirs.tensors.at(of_map) = filled<double>({5, 6}, 1.0);
  CHECK(shape_of(with_maps_turned(theirs, ours).tensors.at(of_map).in<double>()) == Shape{5, 6});
}
