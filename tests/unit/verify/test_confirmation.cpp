#include "verify/given_heads.hpp"
#include "verify/submission.hpp"

#include <attn/verify/confirmation.hpp>
#include <attn/verify/judging.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// Whether a row of a mistake explains what `planted` made of a run.
bool confirmed(const Problem<double>& problem, const Tensors& planted, Step first, const std::string& id) {
  const Submission submission = submission_of(planted);
  const std::vector<StepVerdict> verdicts = Judging(problem, submission, {}).judged();
  const Confirmation confirmation(problem, submission, verdicts, first);
  const auto rows = mistakes_of(id);
  return std::any_of(rows.begin(), rows.end(), [&](const Mistake* row) { return confirmation.holds({row}); });
}

// The steps after the raw scores, computed anew by plain loops from scaled scores of one's own.
Tensors with_scaled(const Problem<double>& problem, const std::function<double(Index, Index)>& factor) {
  Tensors t = run_problem(problem);
  const Index samples = t.at(Step::q).shape(0), length = t.at(Step::q).shape(2);
  for (Index b = 0; b < samples; ++b) {
    for (Index h = 0; h < 4; ++h) {
      for (Index i = 0; i < length; ++i) {
        double sum = 0;
        for (Index j = 0; j < length; ++j) {
          const double score = t[Step::scores_raw](b, h, i, j) * factor(b, h);
          t[Step::scores_scaled](b, h, i, j) = score;
          t[Step::scores_masked](b, h, i, j) = j <= i ? score : -infinity;
          t[Step::weights](b, h, i, j) = j <= i ? std::exp(score) : 0;
          sum += t[Step::weights](b, h, i, j);
        }
        for (Index j = 0; j < length; ++j) t[Step::weights](b, h, i, j) /= sum;
        for (Index d = 0; d < 2; ++d) {
          double value = 0;
          for (Index j = 0; j <= i; ++j) value += t[Step::weights](b, h, i, j) * t[Step::v](b, h / 2, j, d);
          t[Step::heads](b, h, i, d) = t[Step::output](b, h, i, d) = value;
        }
      }
    }
  }
  return t;
}

}  // namespace

TEST_CASE("a mistake in every part is confirmed, and another is not") {
  const Problem<double> problem = given_heads(2, 120);
  const Tensors unscaled = with_scaled(problem, [](Index, Index) { return 1.0; });
  CHECK(confirmed(problem, unscaled, Step::scores_scaled, "C2"));
  CHECK_FALSE(confirmed(problem, unscaled, Step::scores_scaled, "M1"));
}

TEST_CASE("a mistake in one part alone does not explain the whole") {
  const Problem<double> problem = given_heads(2, 120);
  const double right = 1 / std::sqrt(3.0);
  CHECK_FALSE(confirmed(problem, with_scaled(problem, [&](Index b, Index) { return b == 0 ? 1.0 : right; }), Step::scores_scaled, "C2"));
}

TEST_CASE("a factor that is read off has to be the same in all parts") {
  const Problem<double> problem = given_heads(2, 120);
  CHECK(confirmed(problem, with_scaled(problem, [](Index, Index) { return 0.7; }), Step::scores_scaled, "C7"));
  CHECK_FALSE(confirmed(problem, with_scaled(problem, [](Index, Index h) { return h < 2 ? 0.7 : 0.3; }), Step::scores_scaled, "C7"));
}

TEST_CASE("a softmax over samples or heads is not taken for what it is in a part, which has one") {
  // All weights are one: so they are where a softmax runs over the only sample, or the only head, of a part.
  Problem<double> problem = given_heads(2, 120);
  problem.options.heads = problem.sizes.heads = 2;  // one query head for each key head
  problem.inputs[Step::q] = naive::numbers<double>({2, 2, 120, 3}, 31);
  problem.output_shape = {2, 2, 120, 2};
  Tensors ones = run_problem(problem);
  for (double& weight : ones[Step::weights].storage()) weight = 1;
  for (Index b = 0; b < 2; ++b) {
    for (Index h = 0; h < 2; ++h) {
      for (Index d = 0; d < 2; ++d) {
        double sum = 0;
        for (Index j = 0; j < 120; ++j) sum += ones[Step::v](b, h, j, d);
        for (Index i = 0; i < 120; ++i) ones[Step::heads](b, h, i, d) = ones[Step::output](b, h, i, d) = sum;
      }
    }
  }
  CHECK(confirmed(problem, ones, Step::weights, "W7"));
  CHECK_FALSE(confirmed(problem, ones, Step::weights, "W1"));
  CHECK_FALSE(confirmed(problem, ones, Step::weights, "W2"));
}

TEST_CASE("what changes nothing explains nothing") {
  const Problem<double> problem = given_heads(2, 120);
  CHECK_FALSE(confirmed(problem, run_problem(problem), Step::scores_scaled, "P1"));
}
