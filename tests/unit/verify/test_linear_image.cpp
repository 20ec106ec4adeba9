#include "verify/cases.hpp"

#include <attn/verify/linear_image.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

namespace {

// padded() or square() over 2·9 positions, of three heads of 2: 18 rows for a matrix 2 × 2 and a constant.
Case longer(Case c) {
  c.inputs.x = naive::numbers<double>({2, 9, 6}, 11);
  return c;
}

// Every head of [B, H, L, 2] times [2 1; 1 1] plus (5, −7), by hand: its determinant is 1.
Array in_another_basis(const Array& heads) {
  Array result = heads;
  for (Index row = 0; row < heads.size() / 2; ++row) {
    const double a = heads.data()[2 * row], b = heads.data()[2 * row + 1];
    result.data()[2 * row] = 2 * a + b + 5;
    result.data()[2 * row + 1] = a + b - 7;
  }
  return result;
}

bool are_images(const Case& c, Step step, const Array& theirs) {
  const Problem<double> problem = problem_of(c);
  return are_linear_images(problem, step, run_problem(problem).at(step), theirs);
}

Array ours(const Case& c, Step step) { return run_problem(problem_of(c)).at(step); }

}  // namespace

TEST_CASE("heads in another basis, with a constant, are linear images, split or side by side") {
  const Case c = longer(square());
  for (const Step step : {Step::q_proj, Step::k_proj, Step::v_proj, Step::q, Step::k, Step::v}) {
    CAPTURE(std::string(name_of(step)));
    CHECK(are_images(c, step, in_another_basis(ours(c, step))));
  }
}

TEST_CASE("so are the heads in another order") {
  const Case c = longer(square());
  const Array v = in_another_basis(ours(c, Step::v));
  CHECK(are_images(c, Step::v, cells4(shape_of(v), [&](Index b, Index h, Index i, Index d) { return v(b, (h + 1) % 3, i, d); })));
}

TEST_CASE("one wrong number is no linear image, nor is another set of numbers") {
  const Case c = longer(square());
  for (const Step step : {Step::q_proj, Step::v}) {
    Array theirs = in_another_basis(ours(c, step));
    theirs.data()[13] += 0.01;
    CHECK_FALSE(are_images(c, step, theirs));
    CHECK_FALSE(are_images(c, step, naive::numbers<double>(shape_of(theirs), 5)));
  }
}

TEST_CASE("few rows are a linear image of anything") {
  Case c = square();
  c.inputs.x = naive::numbers<double>({1, 3, 6}, 11);  // three rows, and two columns with a constant
  CHECK(are_images(c, Step::v, naive::numbers<double>({1, 3, 3, 2}, 5)));
}

TEST_CASE("rows of padding are not asked") {
  const Case c = longer(padded());  // three and four positions count
  Array theirs = in_another_basis(ours(c, Step::v));
  theirs(0, 1, 3, 0) = theirs(1, 2, 8, 1) = 1e9;
  CHECK(are_images(c, Step::v, theirs));
  theirs(0, 1, 2, 0) += 1;
  CHECK_FALSE(are_images(c, Step::v, theirs));
}

TEST_CASE("heads of queries, and of keys that several share") {
  Case c = cross();  // four heads of queries, two of keys, of 3
  c.inputs.x = naive::numbers<double>({2, 7, 6}, 12);
  c.inputs.memory = naive::numbers<double>({2, 8, 6}, 13);
  for (const Step step : {Step::q, Step::q_proj, Step::k, Step::k_proj}) {
    Array theirs = ours(c, step);
    for (double& value : theirs.storage()) value = 3 * value + 1;
    CAPTURE(std::string(name_of(step)));
    CHECK(are_images(c, step, theirs));
    theirs.data()[4] += 0.5;
    CHECK_FALSE(are_images(c, step, theirs));
  }
}
