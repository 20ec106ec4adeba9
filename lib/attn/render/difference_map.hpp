// Where two tensors differ, as one mark a cell: a picture for people beside the numbers.
#pragma once

#include <attn/render/document.hpp>

#include <cstddef>
#include <string>

namespace attn::render {

struct DifferenceStyle {
  std::size_t width = 100;   ///< columns of the page
  std::size_t indent = 2;
  bool color = false;        ///< shaded blocks, as ANSI sequences of 256 colours
  std::size_t rows = 24, columns = 32;  ///< most marks of a matrix; a larger one is drawn in blocks of cells
  std::size_t matrices = 8;             ///< most matrices
  std::size_t rows_per_cell = 1, columns_per_cell = 1;  ///< of the step that are one cell of the panel, for the labels
  Words words{};
};

/// The drawing, and what had to be left out of it.
struct DifferenceMap {
  std::string text;
  std::size_t rows_per_mark = 1, columns_per_mark = 1;  ///< a mark is the worst cell of its block
  std::size_t shown = 0, total = 0;                     ///< matrices; those with most marks are shown
  double largest = 0;                                   ///< the finite difference of the darkest mark
  bool any_infinite = false, any_empty = false;
};

/// `panel.tensor` holds for every cell 0 where the difference is within its tolerance, else the size of the
/// difference; infinity where the two cannot be subtracted; NaN where nothing was compared. Marks:
///   ·  within the tolerance          ░ ▒ ▓ █  up to a quarter, a half, three quarters, all of the largest
///   !  infinity                      _        nothing compared
/// Rows, columns and matrices are labelled with the panel's axes; a block by its first cell. Colour puts the
/// same marks on shaded ground.
DifferenceMap draw_differences(const Panel& panel, const DifferenceStyle& style = {});

}  // namespace attn::render
