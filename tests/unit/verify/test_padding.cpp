#include "verify/cases.hpp"

#include <attn/verify/padding.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace loops;

TEST_CASE("rows from the valid length on are filled, and no other") {
  const Tensor<double> ours = naive::numbers<double>({2, 3, 4, 5}, 1), theirs = naive::numbers<double>({2, 3, 4, 5}, 2);
  for (const std::size_t first : {0, 2}) {
    Tensor<double> filled = ours;
    REQUIRE(fill_padded_rows(filled, {{3, 4}, first}, &theirs));
    for (std::size_t b = 0; b < 2; ++b) {
      for (std::size_t h = 0; h < 3; ++h) {
        for (std::size_t i = 0; i < 4; ++i) {
          for (std::size_t j = 0; j < 5; ++j) CHECK(filled(b, h, i, j) == (first + i >= 3 + b ? theirs(b, h, i, j) : ours(b, h, i, j)));
        }
      }
    }
  }
}

TEST_CASE("columns from the valid length on are filled") {
  const Tensor<double> ours = naive::numbers<double>({2, 3, 4}, 1);
  Tensor<double> filled = ours;
  REQUIRE(fill_padded_columns(filled, {{1, 4}}, nullptr));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      CHECK(filled(0, i, j) == (j >= 1 ? 0 : ours(0, i, j)));
      CHECK(filled(1, i, j) == ours(1, i, j));
    }
  }
}

TEST_CASE("no length is about the exempt positions at the end") {
  const Tensor<double> ours = naive::numbers<double>({1, 5, 2}, 1);
  Tensor<double> filled = ours;
  REQUIRE(fill_padded_rows(filled, {{2}, 0, 2}, nullptr));  // rows 2 of 0 … 4: 3 and 4 are exempt
  for (std::size_t row = 0; row < 5; ++row) CHECK(filled(0, row, 0) == (row == 2 ? 0 : ours(0, row, 0)));
}

TEST_CASE("padding of keys, values and scores may be read by other rows, and of queries by none") {
  for (const Step step : {Step::k_proj, Step::v_proj, Step::k, Step::v, Step::scores_raw, Step::scores_scaled, Step::scores_capped}) CHECK(padding_may_be_read(step));
  for (const Step step : {Step::q_proj, Step::q, Step::scores_masked, Step::weights, Step::heads, Step::merged}) CHECK_FALSE(padding_may_be_read(step));
}

TEST_CASE("nothing is filled where nothing is padding") {
  const Tensor<double> ours = naive::numbers<double>({2, 3, 4}, 1), other = naive::numbers<double>({2, 3, 5}, 2), row = naive::numbers<double>({2, 3}, 3);
  const auto is_left = [](const Tensor<double>& tensor, const std::vector<std::size_t>& lens, const Tensor<double>* theirs) {
    Tensor<double> rows = tensor, columns = tensor;
    const bool any = fill_padded_rows(rows, {lens}, theirs) || fill_padded_columns(columns, {lens}, theirs);
    return !any && rows == tensor && columns == tensor;
  };
  CHECK(is_left(ours, {}, nullptr));         // no lengths
  CHECK(is_left(ours, {4, 4}, nullptr));     // nothing beyond them
  CHECK(is_left(ours, {1, 1, 1}, nullptr));  // those of other samples
  CHECK(is_left(ours, {1, 1}, &other));      // a tensor of another shape
  CHECK(is_left(row, {1, 1}, nullptr));      // no samples
}

TEST_CASE("a cell that differs is found where it counts, and nowhere else") {
  const Problem<double> problem = problem_of(padded());  // of 5 positions 3 and 4 count
  const Tensors right = run_problem(problem);
  const auto counts = [](Step step, const Shape& index) {
    const std::size_t len = index[0] == 0 ? 3 : 4;
    const bool row = index[index.size() - 2] < len;
    return step == Step::scores_raw ? row && index.back() < len : row;
  };
  for (const Step step : {Step::k, Step::scores_raw, Step::weights, Step::output}) {
    const Tensor<double>& ours = right.at(step);
    Tensor<double> theirs = ours;
    for (std::size_t at = 0; at < ours.size(); ++at) {
      theirs.data()[at] += 1;
      const auto found = compare_what_counts(problem, step, ours, theirs, {0, 0, true});
      REQUIRE(found);
      CHECK(found->passes() != counts(step, unravel(at, shape_of(ours))));
      if (!found->passes()) CHECK(found->finish().at == at);
      theirs.data()[at] = ours.data()[at];
    }
  }
}

TEST_CASE("nothing is left out of a tensor without padding, or of another shape") {
  const Tensors right = run_problem(problem_of(square()));
  CHECK_FALSE(compare_what_counts(problem_of(square()), Step::weights, right.at(Step::weights), right.at(Step::weights), {}));
  CHECK_FALSE(compare_what_counts(problem_of(padded()), Step::weights, right.at(Step::weights), right.at(Step::output), {}));
}
