// A panel seen as matrices: one for every index of the axes before the last two.
#pragma once

#include <attn/render/cell_format.hpp>
#include <attn/render/document.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

/// Which of `total` things are shown: all, or the first `head` and the last `tail` with a gap between.
struct Excerpt {
  std::size_t head = 0;
  std::size_t tail = 0;
  std::size_t total = 0;

  bool has_gap() const { return head + tail < total; }
  std::size_t shown() const { return head + tail; }
  /// The place of the i-th shown thing among all of them; i < shown().
  std::size_t operator[](std::size_t i) const { return i < head ? i : total - shown() + i; }
};

/// Stands in a list of places for what is left out.
constexpr std::size_t gap = std::numeric_limits<std::size_t>::max();

/// The shown places in order, with one `gap` where some are left out.
std::vector<std::size_t> places(const Excerpt& shown);

/// At most `limit` of `total` (at least one of them), split evenly between the two edges.
Excerpt excerpt(std::size_t total, std::size_t limit);

/// "H*D" as a reader writes it: "H·D".
std::string axis_label(std::string_view axis);

/// "(B, H, Lq, Lk) = (2, 1, 3, 5)"; only the shape when the axes are not named.
std::string shape_line(const std::vector<std::string>& axes, const Shape& shape);

/// A tensor of rank 0 or 1 is one matrix of one row. Axes are matched from the right, so that a list
/// of letters that is too short or too long names what it can. Refers to the panel, copies nothing.
class Matrices {
 public:
  Matrices(const Panel& panel, const Words& words);

  std::size_t count() const { return count_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }

  /// Row-major position in the tensor.
  std::size_t flat(std::size_t matrix, std::size_t row, std::size_t column) const {
    return (matrix * rows_ + row) * columns_ + column;
  }
  double at(std::size_t matrix, std::size_t row, std::size_t column) const {
    return panel_.tensor[flat(matrix, row, column)];
  }

  /// "batch 0, head 1"; only axes longer than 1 are named, so it is empty for a single matrix.
  std::string caption(std::size_t matrix) const;
  /// "Lq 0"; empty for the one row of a vector.
  std::string row_label(std::size_t row) const;
  std::string column_label(std::size_t column) const;
  /// The token of the row or column; empty without tokens.
  std::string row_token(std::size_t row) const;
  std::string column_token(std::size_t column) const;
  /// Matrices of one group belong on one line: those that differ only in the last leading axis longer than 1.
  std::size_t group_size() const { return group_size_; }

 private:
  std::string axis(std::size_t from_right) const;

  const Panel& panel_;
  const Words& words_;
  std::size_t count_ = 1, rows_ = 1, columns_ = 1, group_size_ = 1;
};

/// What is shown of a panel, and how its numbers are written.
struct PanelExcerpt {
  PanelExcerpt(const Panel& panel, const Extent& extent, int decimals, const Words& words);

  const Panel& panel;
  const Words& words;
  Matrices matrices;
  Excerpt shown_matrices, shown_rows, shown_columns;
  CellFormat format;

  /// "shown in part: 12 of 100 rows, …"; empty if nothing is left out.
  /// columns_shown: how many columns there was room for.
  std::string remark(std::size_t columns_shown) const;
};

}  // namespace attn::render
