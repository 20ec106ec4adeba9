#include "verify/mistake_testing.hpp"
#include "verify/planted_softmax.hpp"

using namespace attn;
using namespace loops;

TEST_CASE("each mistake in the softmax computes what a program with that mistake computes") {
  check_rows_compute(softmax_mistakes(), planted_softmax(), true);
}

TEST_CASE("W3 cannot be made while exp stays finite in float32") { CHECK(impossible(softmax_mistakes(), "W3", "", square())); }

TEST_CASE("W4 is dropout that should be off, so a run with dropout cannot make it") {
  Case dropped = square();
  dropped.options.attention.dropout_keep = filled<double>({2, 3, 5, 5}, 1.0);
  dropped.options.attention.dropout_p = 0.5;
  CHECK(impossible(softmax_mistakes(), "W4", "", dropped));
}

TEST_CASE("W4 needs weights that grew by one factor") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  Tensors theirs{{Step::weights, right.get(Step::weights)}};
  MistakenRun run(problem, {rows_of(mistake_table(), "W4", "").front()}, &theirs);
  run.shown(Step::weights);
  CHECK_FALSE(run.applied());
}

TEST_CASE("with one head there is no mean of heads") {
  Case one = square();
  one.options.heads = one.options.kv_heads = 1;
  CHECK(impossible(softmax_mistakes(), "W5", "", one));
  CHECK(impossible(softmax_mistakes(), "W5", "in every head's place", one));
}

TEST_CASE("W6 rounds the scores and the weights to the format") {
  Case one;  // one query (2) and two keys (0.50390625, 0): scores 1.0078125 and 0
  one.inputs.x = filled<double>({1, 1, 1}, 2.0);
  one.inputs.memory = filled<double>({1, 2, 1}, 0.0);
  (*one.inputs.memory)(0, 0, 0) = 0.50390625;
  const Problem<double> problem = problem_of(one);
  // 1.0078125 = 1 + 2⁻⁷ has eight significant bits: bfloat16 holds it. exp(1.0078125) = 2.739602…, so the
  // weights are 0.732592… and 0.267407…; eight bits of them: 188/256 and 137/512 (187.54… and 136.91…).
  MistakenRun run(problem, {rows_of(mistake_table(), "W6", "bfloat16").front()});
  CHECK(run.shown(Step::weights)(0, 0, 0, 0) == 188.0 / 256);
  CHECK(run.shown(Step::weights)(0, 0, 0, 1) == 137.0 / 512);
  // Eleven bits: 1500.34… of 2048 and 1095.30… of 4096.
  MistakenRun half(problem, {rows_of(mistake_table(), "W6", "float16").front()});
  CHECK(half.shown(Step::weights)(0, 0, 0, 0) == 1500.0 / 2048);
  CHECK(half.shown(Step::weights)(0, 0, 0, 1) == 1095.0 / 4096);
}
