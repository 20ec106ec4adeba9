// A large run is verified in parts: what that finds has to be what one walk over the whole finds.
#pragma once

#include "verify/cases.hpp"
#include "verify/submission.hpp"

#include <attn/verify/large.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace loops {

using namespace attn;

inline Program right(const Case& c) { return {c, {}, {}}; }

// causal() with two samples of 110 positions: above most_cells_at_once.
inline Case long_causal() {
  Case c = causal();
  c.inputs.x = naive::numbers<double>({2, 110, 6}, 11);
  return c;
}

// Which steps the two ways judge alike: status, counts, largest difference, and whether locally.
inline void check_same_steps(const Verification& a, const Verification& b) {
  REQUIRE(a.steps.size() == b.steps.size());
  for (std::size_t i = 0; i < a.steps.size(); ++i) {
    CAPTURE(std::string(name_of(a.steps[i].step)));
    CHECK(a.steps[i].step == b.steps[i].step);
    CHECK(a.steps[i].difference.status == b.steps[i].difference.status);
    CHECK(a.steps[i].difference.total == b.steps[i].difference.total);
    CHECK(a.steps[i].difference.max_abs == b.steps[i].difference.max_abs);
    CHECK(a.steps[i].local == b.steps[i].local);
  }
}

// The map of a large run has the worst cell of every block of the whole map.
inline void check_same_map(const Verification& sliced, const Verification& whole) {
  REQUIRE(sliced.excess.has_value() == whole.excess.has_value());
  if (!whole.excess) return;
  const Tensor<double>& cells = *whole.excess;
  const Shape shape = shape_of(cells), blocks = shape_of(*sliced.excess);
  REQUIRE(shape.size() >= 2);
  CHECK(sliced.excess_rows * sliced.excess_columns > 1);
  const std::size_t rows = shape[shape.size() - 2], columns = shape.back();
  const std::size_t down = blocks[blocks.size() - 2], across = blocks.back();
  Tensor<double> worst = filled<double>(blocks, 0.0);
  for (std::size_t matrix = 0; matrix < cells.size() / (rows * columns); ++matrix) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        double& found = worst.data()[(matrix * down + i / sliced.excess_rows) * across + j / sliced.excess_columns];
        found = std::max(found, cells.data()[(matrix * rows + i) * columns + j]);
      }
    }
  }
  CHECK(worst == *sliced.excess);
}

inline void check_same(const Submission& theirs, const char* ids, const Case& c = long_causal()) {
  const Problem<double> problem = problem_of(c);
  REQUIRE(is_large(problem));
  const Verification in_parts = verify_in_parts(problem, theirs, {});
  const Verification whole = verify_at_once(problem, theirs, {});
  CHECK(in_parts.verdict == whole.verdict);
  CHECK(in_parts.first_divergent_step == whole.first_divergent_step);
  CHECK(ids_of(in_parts.diagnosis) == ids);
  CHECK(ids_of(whole.diagnosis) == ids);
  check_same_steps(in_parts, whole);
  check_same_map(in_parts, whole);
}

}  // namespace loops
