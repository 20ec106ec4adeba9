#include "verify/mistake_testing.hpp"
#include "verify/planted_heads.hpp"

using namespace attn;
using namespace loops;

TEST_CASE("each mistake with heads computes what a program with that mistake computes") {
  check_rows_compute(head_mistakes(), planted_heads(), true);
}

TEST_CASE("with one head there is no H1, no H4 and no H5") {
  Case one = square();
  one.options.heads = one.options.kv_heads = 1;
  const auto rows = head_mistakes();
  CHECK(impossible(rows, "H1", "q, k and v", one));
  CHECK(impossible(rows, "H4", "columns (D, H) in q, k and v", one));
  CHECK(impossible(rows, "H4", "columns (D, H) when merging", one));
  CHECK(impossible(rows, "H4", "heads in another order", one));
  CHECK(impossible(rows, "H5", "heads", one));
}

TEST_CASE("with one head H2 changes nothing") {
  Case one = square();
  one.options.heads = one.options.kv_heads = 1;
  const Problem<double> problem = problem_of(one);
  MistakenRun run(problem, {rows_of(mistake_table(), "H2", "").front()});
  Evaluator<double> right(problem);
  CHECK(run.shown(Step::merged) == right.get(Step::merged));
}

TEST_CASE("with one sample there is no H5") {
  Case one = square();
  one.inputs.x = naive::numbers<double>({1, 5, 6}, 11);
  CHECK(impossible(head_mistakes(), "H5", "heads", one));
  CHECK(impossible(head_mistakes(), "H5", "q, k and v", one));
}

TEST_CASE("G1 needs fewer key heads than query heads, and more than one") {
  CHECK(impossible(head_mistakes(), "G1", "", square()));
  Case shared = cross();  // one key head of 6; query heads of 6
  shared.options.heads = 2;
  shared.options.kv_heads = 1;
  CHECK(impossible(head_mistakes(), "G1", "", shared));
}

TEST_CASE("G1 tiles the keys of the cache as well") {
  Case cached = cross();
  cached.options.attention.past_key = naive::numbers<double>({2, 2, 4, 3}, 21);
  cached.options.attention.past_value = naive::numbers<double>({2, 2, 4, 3}, 22);
  const Problem<double> problem = problem_of(cached);
  MistakenRun run(problem, {rows_of(mistake_table(), "G1", "keys only").front()});
  Evaluator<double> right(problem);
  const Array &q = right.get(Step::q), &keys = right.get(Step::present_key);
  double sum = 0;  // query head 1 reads key head 1 mod 2 = 1 instead of 1 div 2 = 0
  for (Index d = 0; d < 3; ++d) sum += q(0, 1, 2, d) * keys(0, 1, 8, d);
  CHECK(run.shown(Step::scores_raw)(0, 1, 2, 8) == doctest::Approx(sum).epsilon(1e-14));
}

TEST_CASE("G2 is not tried under a mask, nor with a key head for every query head") {
  CHECK(impossible(head_mistakes(), "G2", "", cross_causal()));
  CHECK(impossible(head_mistakes(), "G2", "", square()));
}

TEST_CASE("a permutation of heads that nobody shows is the reversal") {
  const Problem<double> problem = problem_of(square());
  MistakenRun run(problem, {rows_of(mistake_table(), "H4", "heads in another order")[1]});
  Evaluator<double> right(problem);
  const Array& heads = right.get(Step::heads);
  CHECK(agree(run.shown(Step::heads), cells4({2, 3, 5, 2}, [&](Index b, Index h, Index l, Index d) { return heads(b, 2 - h, l, d); })));
}
