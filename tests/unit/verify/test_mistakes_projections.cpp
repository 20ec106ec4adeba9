#include "verify/mistake_testing.hpp"
#include "verify/planted_projections.hpp"

using namespace attn;
using namespace loops;

TEST_CASE("each mistake in the linear maps computes what a program with that mistake computes") {
  check_rows_compute(projection_mistakes(), planted_projections());
}

TEST_CASE("P1 and P8 cannot be made with a matrix that is not square") {
  const auto rows = projection_mistakes();
  CHECK(impossible(rows, "P1", "q", cross()));
  CHECK_FALSE(impossible(rows, "P1", "k", cross()));
  CHECK(impossible(rows, "P8", "transposed", cross()));
  CHECK(impossible(rows, "P8", "missing", cross()));
}

TEST_CASE("P2 cannot be made between maps of different shapes, nor between maps that are not there") {
  const auto rows = projection_mistakes();
  CHECK(impossible(rows, "P2", "q and k exchanged", cross()));
  CHECK_FALSE(impossible(rows, "P2", "k and v exchanged", cross()));
  Case without_v = square();
  without_v.weights.w_v.reset();
  CHECK(impossible(rows, "P2", "k and v exchanged", without_v));
}

TEST_CASE("P3 cannot be made without a bias") {
  Case unbiased = square();
  unbiased.weights.b_q.reset();
  unbiased.weights.b_o.reset();
  const auto rows = projection_mistakes();
  CHECK(impossible(rows, "P3", "q", unbiased));
  CHECK(impossible(rows, "P3", "output", unbiased));
  CHECK_FALSE(impossible(rows, "P3", "all biases", unbiased));
}

TEST_CASE("P4 needs one source and as many key heads as query heads; P6 needs two sources") {
  const auto rows = projection_mistakes();
  CHECK(impossible(rows, "P4", "[H, 3, D]", cross()));
  CHECK(impossible(rows, "P6", "", square()));
}

TEST_CASE("H3 cannot be made with one head, nor S4 with one sample") {
  Case one_head = square();
  one_head.options.heads = one_head.options.kv_heads = 1;
  CHECK(impossible(projection_mistakes(), "H3", "", one_head));
  Case one_sample = square();
  one_sample.inputs.x = naive::numbers<double>({1, 5, 6}, 11);
  CHECK(impossible(projection_mistakes(), "S4", "keys and values", one_sample));
}

TEST_CASE("an output without a batch axis keeps none when its bias is forgotten") {
  Case flat = square();
  flat.inputs.x = naive::numbers<double>({5, 6}, 11);
  const Problem<double> problem = problem_of(flat);
  MistakenRun run(problem, {rows_of(mistake_table(), "P3", "output").front()});
  Evaluator<double> right(problem);
  const Array output = run.shown(Step::output), whole = right.get(Step::output);
  REQUIRE(shape_of(output) == Shape{5, 6});
  CHECK(output(4, 5) == doctest::Approx(whole(4, 5) - (*flat.weights.b_o)(5)).epsilon(1e-14));
}
