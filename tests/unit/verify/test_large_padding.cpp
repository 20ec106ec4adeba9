#include "verify/planted_heads.hpp"
#include "verify/planted_scores.hpp"
#include "verify/same_in_parts.hpp"

#include <attn/verify/padding.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace attn;
using namespace loops;

namespace {

// long_causal() with padding, which a program fills with a number after every step.
Case long_padded() {
  Case c = long_causal();
  c.options.attention.mask.valid_lens = {80, 95};
  c.mask = [](Index b, Index, Index i, Index j) { return j <= i && j < (b == 0 ? 80u : 95u) ? 0.0 : -infinity; };
  return c;
}

Submission with_padding_filled(const Program& p, double filler) {
  const Problem<double> problem = problem_of(p.given);
  Tensors theirs = p.run();
  for (const Step step : problem.steps) {
    const Tensor<double> full = filled<double>(shape_of(theirs.at(step)), filler);
    if (auto padded = with_padding_of(problem, step, theirs.at(step), &full)) theirs.at(step) = *padded;
  }
  return submission_of(theirs);
}

Array softmax_over_queries(const Program&, const Tensors& t) {
  const Array& scores = t.at(Step::scores_masked);
  Array weights = scores;
  for (Index b = 0; b < scores.shape(0); ++b) {
    for (Index h = 0; h < scores.shape(1); ++h) {
      for (Index j = 0; j < scores.shape(3); ++j) {
        double sum = 0;
        for (Index i = 0; i < scores.shape(2); ++i) sum += std::exp(scores(b, h, i, j));
        for (Index i = 0; i < scores.shape(2); ++i) weights(b, h, i, j) = sum > 0 ? std::exp(scores(b, h, i, j)) / sum : 0;
      }
    }
  }
  return weights;
}

}  // namespace

TEST_CASE("padding that a program fills after every step is told in a large run, too, and so is a mistake behind it") {
  for (const double filler : {0.0, 1e6, std::nan("")}) {
    CAPTURE(filler);
    const Program padded = right(long_padded());
    check_same(with_padding_filled(padded, filler), "M17", long_padded());
    Program unscaled = padded;
    scale_by(unscaled, 1);
    check_same(with_padding_filled(unscaled, filler), "M17 C2", long_padded());
    Program unmapped = padded;
    unmapped.replaced[Step::output] = [](const Program&, const Tensors& t) { return t.at(Step::merged); };
    check_same(with_padding_filled(unmapped, filler), "M17 P8", long_padded());
  }
}

TEST_CASE("a mistake that moves rows of padding, or sums over them, is named behind what a program fills them with") {
  const std::vector<Planted> rows = planted_heads();
  const auto view = std::find_if(rows.begin(), rows.end(), [](const Planted& row) { return row.id == "H2"; });
  for (const double filler : {0.0, 1e6, std::nan("")}) {
    CAPTURE(filler);
    Program viewed = right(long_padded());
    view->plant(viewed);
    check_same(with_padding_filled(viewed, filler), "M17 H2", long_padded());
    Program over_queries = right(long_padded());
    over_queries.replaced[Step::weights] = softmax_over_queries;
    check_same(with_padding_filled(over_queries, filler), "M17 W1", long_padded());
  }
}

TEST_CASE("dropout is read off the weights that count, whatever stands in padding") {
  Program dropped = right(long_padded());
  dropped.replaced[Step::weights] = [](const Program& given, const Tensors& t) {
    const Array weights = given.right(Step::weights, t);
    return cells4(attn::shape_of(weights), [&](Index b, Index h, Index i, Index j) { return (3 * h + 5 * i + 7 * j) % 4 == 0 ? 0 : weights(b, h, i, j) / 0.75; });
  };
  for (const double filler : {0.0, 1e6}) check_same(with_padding_filled(dropped, filler), "M17 W4", long_padded());
}

TEST_CASE("padding that follows in one sample and not in another is no mistake, and hides none") {
  for (const double factor : {0.0, 1.0}) {
    Program p = right(long_padded());
    if (factor != 0) scale_by(p, factor);
    Tensors theirs = p.run();
    for (Index b = 0; b < 2; ++b) {
      for (Index row = b == 0 ? 80 : 95; row < 110; ++row) {
        for (Index c = 0; c < 6; ++c) theirs.at(Step::k_proj)(b, row, c) = 0;
        for (Index c = 0; c < 6 && b == 1; ++c) theirs.at(Step::k)(b, c / 2, row, c % 2) = 0;
      }
    }
    check_same(submission_of(theirs), factor == 0 ? "M17" : "M17 C2", long_padded());
  }
}

TEST_CASE("one wrong number that counts is found behind padding of any size") {
  const Program padded = right(long_padded());
  for (const Step step : {Step::q_proj, Step::scores_raw, Step::weights, Step::output}) {
    Submission theirs = with_padding_filled(padded, 1e9);
    Tensor<double> wrong = theirs.tensors.at(step).in<double>();
    wrong.data()[0] += 0.125;  // position 0 of sample 0
    theirs.tensors[step] = wrong;
    CAPTURE(std::string(name_of(step)));
    const Verification found = verify_in_parts(problem_of(long_padded()), theirs, {});
    CHECK(found.verdict == Verdict::mismatch);
    CHECK(found.first_divergent_step == step);
  }
}
