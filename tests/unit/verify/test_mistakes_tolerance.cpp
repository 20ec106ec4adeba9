#include "verify/cases.hpp"
#include "verify/mistake_testing.hpp"

using namespace attn;
using namespace loops;

namespace {

Array shown(const Case& c, const char* id, const char* variant, Step step) {
  const Problem<double> problem = problem_of(c);
  return MistakenRun(problem, {rows_of(tolerance_mistakes(), id, variant).front()}).shown(step);
}

// To nearest, to eight significant bits.
double bfloat16(double value) {
  const int exponent = value == 0 ? 0 : std::ilogb(value);
  return std::ldexp(std::nearbyint(std::ldexp(value, 7 - exponent)), exponent - 7);
}

}  // namespace

TEST_CASE("T2: products of queries and keys rounded to bfloat16") {
  const Problem<double> problem = problem_of(cross());
  Evaluator<double> right(problem);
  const Array q = right.get(Step::q), k = right.get(Step::k);
  const Array expected = cells4({2, 4, 3, 5}, [&](Index b, Index h, Index i, Index j) {
    double sum = 0;
    for (Index d = 0; d < 3; ++d) sum += bfloat16(q(b, h, i, d)) * bfloat16(k(b, h / 2, j, d));
    return sum;
  });
  CHECK(agree(shown(cross(), "T2", "bfloat16", Step::scores_raw), expected));
}

TEST_CASE("T1: float32 operands change the scores by less than float32 rounding explains") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  const Array& scores = right.get(Step::scores_raw);
  const Array rounded = shown(square(), "T1", "float32", Step::scores_raw);
  CHECK_FALSE(agree(rounded, scores, 1e-12));
  CHECK(agree(rounded, scores, 1e-6));
}

TEST_CASE("T3: an output of nothing but NaN, after right steps") {
  const Array output = shown(square(), "T3", "NaN", Step::output);
  for (const double value : output) CHECK(std::isnan(value));
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  CHECK(shown(square(), "T3", "NaN", Step::merged) == right.get(Step::merged));
}

TEST_CASE("P9: queries doubled and keys halved leave the scores as they are, unless the module appends a key of its own") {
  const Problem<double> problem = problem_of(square());
  Evaluator<double> right(problem);
  CHECK(shown(square(), "P9", "queries doubled, keys halved", Step::scores_raw) == right.get(Step::scores_raw));
  CHECK(shown(square(), "P9", "queries doubled, keys halved", Step::q_proj)(1, 2, 3) == 2 * right.get(Step::q_proj)(1, 2, 3));
  Case appended = square();
  appended.weights.bias_k = naive::numbers<double>({6}, 21);
  appended.weights.bias_v = naive::numbers<double>({6}, 22);
  CHECK(impossible(tolerance_mistakes(), "P9", "queries doubled, keys halved", appended));
}
