#include "verify/mistake_testing.hpp"
#include "verify/planted_mask.hpp"
#include "verify/submission.hpp"

using namespace attn;
using namespace loops;

TEST_CASE("each mistake about taking keys out computes what a program with that mistake computes") {
  check_rows_compute(fill_mistakes(), planted_in(fill_mistakes()));
}

TEST_CASE("every planted mistake with masks is in one part or the other") {
  CHECK(planted_in(fill_mistakes()).size() + planted_in(mask_mistakes()).size() == planted_mask().size());
}

TEST_CASE("without a mask rule no mistake about taking keys out can be made") {
  for (const Mistake& mistake : fill_mistakes()) {
    CAPTURE(mistake.id);
    CAPTURE(mistake.variant);
    CHECK(impossible(fill_mistakes(), mistake.id, mistake.variant, square()));
  }
}

TEST_CASE("a mistake about rows without keys needs such a row") {
  CHECK(impossible(fill_mistakes(), "M11", "uniform", causal()));
  CHECK(impossible(fill_mistakes(), "M9", "-10, rows without keys too", causal()));
  CHECK(impossible(fill_mistakes(), "M10", "the fill is -inf in float16", causal()));
}

TEST_CASE("M9 reads a sentinel off the first forbidden cell of theirs") {
  const Problem<double> problem = problem_of(causal());
  Evaluator<double> right(problem);
  const Array& scores = right.get(Step::scores_scaled);
  const Array expected = cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) { return j <= i ? scores(b, h, i, j) : -777.0; });
  Tensors theirs{{Step::scores_masked, expected}};
  MistakenRun run(problem, {rows_of(mistake_table(), "M9", "-1e4").front()}, &theirs);
  CHECK(agree(run.shown(Step::scores_masked), expected));
}

TEST_CASE("a sentinel meets rows without keys too: their weights are even, or zero where a rule looks after them") {
  const Problem<double> problem = problem_of(hidden_sample());  // sample 0 has no key
  const auto weights_of = [&](const char* variant) {
    return MistakenRun(problem, {rows_of(mistake_table(), "M9", variant).front()}).shown(Step::weights);
  };
  CHECK(weights_of("-10")(0, 1, 2, 3) == 0);
  CHECK(weights_of("-10, rows without keys too")(0, 1, 2, 3) == 0.2);  // five equal scores
}

TEST_CASE("M4 divides a row without keys by zero, or leaves it at zero") {
  const Problem<double> problem = problem_of(hidden_sample());
  MistakenRun zero(problem, {rows_of(mistake_table(), "M4", "").front()});
  CHECK(zero.shown(Step::weights)(0, 1, 2, 3) == 0);
  MistakenRun nan(problem, {rows_of(mistake_table(), "M4", "rows without keys are NaN").front()});
  CHECK(std::isnan(nan.shown(Step::weights)(0, 1, 2, 3)));
}

TEST_CASE("what a float mask adds is added by M3, M4 and M5 too") {
  const Problem<double> problem = problem_of(biased());
  Evaluator<double> right(problem);
  const Array scores = right.get(Step::scores_scaled);
  const auto mask = biased().mask;
  const auto expected = [&](auto forbidden) {
    return cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) {
      const double number = mask(b, h, i, j);
      return number == -infinity ? forbidden(scores(b, h, i, j)) : scores(b, h, i, j) + number;
    });
  };
  const auto masked_of = [&](const char* id) { return MistakenRun(problem, {rows_of(mistake_table(), id, "").front()}).shown(Step::scores_masked); };
  CHECK(agree(masked_of("M3"), expected([](double score) { return score; })));
  CHECK(agree(masked_of("M4"), expected([](double score) { return score; })));
  CHECK(agree(masked_of("M5"), expected([](double) { return 0.0; })));
}

TEST_CASE("M10: a fill that float16 cannot hold is −inf, and a row of it NaN") {
  Case filled_in = hidden_sample();
  filled_in.options.attention.mask_fill = -1e9;
  const Problem<double> problem = problem_of(filled_in);
  MistakenRun run(problem, {rows_of(mistake_table(), "M10", "the fill is -inf in float16").front()});
  CHECK(run.shown(Step::scores_masked)(0, 1, 2, 3) == -infinity);
  CHECK(std::isnan(run.shown(Step::weights)(0, 1, 2, 3)));
}

TEST_CASE("M10: the lowest float16 plus a score of −16 or less overflows, a larger score is lost in it") {
  Case c = causal();
  for (double& value : c.inputs.x.storage()) value *= 20;
  const Problem<double> problem = problem_of(c);
  Evaluator<double> right(problem);
  const Array scores = right.get(Step::scores_scaled);
  MistakenRun run(problem, {rows_of(mistake_table(), "M10", "the lowest float16 is added").front()});
  const Array masked = run.shown(Step::scores_masked);
  for (Index j = 1; j < 5; ++j) {
    const double score = scores(0, 0, 0, j);
    const double expected = score <= -16 ? -infinity : score < 16 ? -65504.0 : 32 * std::nearbyint((score - 65504) / 32);
    CHECK(masked(0, 0, 0, j) == expected);
  }
}

TEST_CASE("M14 doubles the numbers of a given mask and leaves −inf as it is") {
  const Problem<double> problem = problem_of(biased());
  Evaluator<double> right(problem);
  const Array& scores = right.get(Step::scores_scaled);
  const auto mask = biased().mask;
  MistakenRun run(problem, {rows_of(mistake_table(), "M14", "").front()});
  CHECK(agree(run.shown(Step::scores_masked), cells4({2, 3, 5, 5}, [&](Index b, Index h, Index i, Index j) {
                return scores(b, h, i, j) + 2 * mask(b, h, i, j);
              })));
}

TEST_CASE("M11 gives hidden rows zero weights where the policy says uniform") {
  Case uniform = hidden_sample();
  uniform.options.attention.masked_rows = MaskedRows::uniform;
  const Problem<double> problem = problem_of(uniform);
  MistakenRun run(problem, {rows_of(mistake_table(), "M11", "zero").front()});
  CHECK(run.shown(Step::weights)(0, 1, 2, 3) == 0);
  Evaluator<double> right(problem);
  CHECK(run.shown(Step::weights)(1, 1, 2, 3) == right.get(Step::weights)(1, 1, 2, 3));
}

namespace {

// A program whose mask holds a number where it forbids, and adds it to the scores; its own rows do the rest.
Tensors with_number_in_mask(const Case& c, double number) {
  const Problem<double> problem = problem_of(c);
  Tensors theirs = run_problem(problem);
  Tensor<double>& mask = theirs.at(Step::mask);
  for (double& cell : mask.storage()) cell = cell == 0 ? 0 : number;
  Tensor<double>& scores = theirs.at(Step::scores_masked);
  for (std::size_t i = 0; i < scores.size(); ++i) scores.data()[i] = theirs.at(Step::scores_scaled).data()[i] + mask.data()[i];
  theirs.at(Step::weights) = softmax_rows(scores);
  const Tensor<double> weights = theirs.at(Step::weights);
  Evaluator<double> run(problem);
  run.know(Step::weights, weights);
  for (const Step step : {Step::heads, Step::merged, Step::output}) theirs.at(step) = run.get(step);
  return theirs;
}

}  // namespace

TEST_CASE("a large number in the mask itself is a convention, and a small one leaks") {
  for (const double number : {-1e4, -1e9, -3.4028234663852886e38}) {
    const Verification found = verify(problem_of(causal()), submission_of(with_number_in_mask(causal(), number)), {});
    CHECK(found.verdict == Verdict::match);
    CHECK(ids_of(found.diagnosis) == "M9");
  }
  const Verification weak = verify(problem_of(causal()), submission_of(with_number_in_mask(causal(), -10)), {});
  CHECK(weak.verdict == Verdict::mismatch);
  CHECK(weak.first_divergent_step == Step::mask);
  CHECK(names(weak.diagnosis, "M9"));
}

TEST_CASE("a row of scores without any finite number has no fill of its own") {
  Case c = hidden_sample();
  const Problem<double> problem = problem_of(c);
  const Tensors right = run_problem(problem);
  for (const char* id : {"M5", "M6", "M9"}) {
    for (const Mistake* row : mistakes_of(id)) {
      if (row->acts_on.size() < 2) continue;
      MistakenRun run(problem, {row});
      run.know(Step::scores_masked, right.at(Step::scores_masked));  // theirs, forbidden as in ours
      run.shown(Step::weights);
      CAPTURE(row->id);
      CAPTURE(row->variant);
      CHECK_FALSE(run.applied());
    }
  }
}
