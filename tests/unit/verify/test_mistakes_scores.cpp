#include "verify/mistake_testing.hpp"
#include "verify/planted_scores.hpp"

using namespace attn;
using namespace loops;

TEST_CASE("each mistake in scores, scale and cap computes what a program with that mistake computes") {
  check_rows_compute(score_mistakes(), planted_scores());
}

TEST_CASE("P5 needs as many keys as queries") { CHECK(impossible(score_mistakes(), "P5", "", cross())); }

TEST_CASE("C7 with the scale ignored needs a scale that was asked for") {
  CHECK(impossible(score_mistakes(), "C7", "scale ignored", square()));
}

TEST_CASE("C7 reads another factor off their scores, whatever a few cells say") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  Tensors theirs;
  theirs[Step::scores_scaled] = Program::each(right.get(Step::scores_raw), [](double s) { return s * 0.123; });
  theirs[Step::scores_scaled].data()[7] = 1e3;  // differs for another reason
  MistakenRun run(problem, {rows_of(mistake_table(), "C7", "another factor").front()}, &theirs);
  CHECK(agree(run.shown(Step::scores_scaled), Program::each(right.get(Step::scores_raw), [](double s) { return s * 0.123; })));
}

TEST_CASE("X1 needs a cap and a mask, X2 a cap") {
  Case without_mask = square();
  without_mask.options.attention.softcap = 0.5;
  CHECK(impossible(score_mistakes(), "X1", "", without_mask));
  CHECK(impossible(score_mistakes(), "X1", "", causal()));
  CHECK(impossible(score_mistakes(), "X2", "missing", causal()));
  CHECK(impossible(score_mistakes(), "X2", "another cap", causal()));
}

TEST_CASE("X2 reads another cap off their scores") {
  const Problem<double> problem = problem_of(capped());
  Evaluator<double> right(problem);
  const auto with_cap = [&](double c) { return Program::each(right.get(Step::scores_scaled), [c](double s) { return c * std::tanh(s / c); }); };
  Tensors theirs{{Step::scores_capped, with_cap(0.3)}};
  MistakenRun run(problem, {rows_of(mistake_table(), "X2", "another cap").front()}, &theirs);
  CHECK(agree(run.shown(Step::scores_capped), with_cap(0.3)));
}

TEST_CASE("a scale moved to the queries leaves the scaled scores as they are") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  for (const char* variant : {"on q", "on q and k", "inside the product"}) {
    CAPTURE(variant);
    MistakenRun run(problem, {rows_of(mistake_table(), "C6", variant).front()});
    CHECK(agree(run.shown(Step::scores_scaled), right.get(Step::scores_scaled)));
  }
}
