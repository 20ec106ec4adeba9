// Two tensors of one shape, held against each other: where NaN and infinities stand first, then values.
#pragma once

#include <attn/tensor.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace attn {

/// |ours − theirs| ≤ atol + rtol·|ours| passes. NaN never passes unless both are NaN and `equal_nan`;
/// an infinity passes against itself only.
struct Tolerance {
  double rtol = 0;
  double atol = 0;
  bool equal_nan = false;
};

enum class Status { match, mismatch, missing, shape, nonfinite };

/// "match", "mismatch", …
const char* to_string(Status status);

/// What a comparison found. Differences are those of finite values; `at` is the worst cell: the one that
/// exceeds its tolerance most, or the first whose NaN or infinity is only on one side.
struct Difference {
  Status status = Status::missing;
  std::size_t total = 0;
  std::size_t mismatched = 0;
  std::size_t nonfinite = 0;       ///< cells where NaN or an infinity stands on one side only
  double max_abs = 0;
  double max_rel = 0;              ///< |ours − theirs| / |ours|, over cells where ours is not 0
  std::size_t at = 0;              ///< row-major position of the worst cell
  double ours = 0, theirs = 0;     ///< the values there
  double cosine = 1;               ///< of the two tensors as vectors, finite cells only; of zeros with zeros 1, with anything else 0
  double within_1_permille = 1;    ///< share of cells with |ours − theirs| ≤ 0.001·|ours|
  double within_5_permille = 1;
  double passing_atol = 0;         ///< the atol that would let everything pass at this rtol; inf if none
  double root_mean_square = 0;     ///< of ours − theirs, finite cells only
};

struct CellBlock;  // both in compare.cpp
struct CellSums;

/// What compare() finds of a tensor that comes in parts: add() or merge() them in the order in which they stand.
class Comparison {
 public:
  /// As many cells of theirs as of ours. The tolerance may differ from part to part.
  void add(const double* ours, const TensorView& theirs, const Tolerance& tolerance);

  /// What was found of a part. `position` gives the place that a cell of it has in the whole.
  void merge(const Comparison& part, const std::function<std::size_t(std::size_t)>& position);

  /// Whether every cell so far passes.
  bool passes() const { return found_.mismatched == 0; }
  /// By how much the worst cell so far exceeds its tolerance; 0 where every cell passes.
  double worst_excess() const { return exceeding_.by; }
  Difference finish() const;

 private:
  /// A cell to report, and by how much it is the worst: its excess, or where none exceeds, its difference.
  struct Worst {
    double by = 0;
    std::size_t at = 0;
    double ours = 0, theirs = 0;
  };
  template <class T>
  void run(const double* ours, const T* theirs, std::size_t count, const Tolerance& tolerance);
  void add(const CellBlock& block, const CellSums& sums, const Tolerance& tolerance);
  void count_cells(const CellBlock& block, const CellSums& sums, const Tolerance& tolerance);
  template <class T>
  void add_kinds(const double* ours, const T* theirs, std::size_t count, const Tolerance& tolerance);

  Difference found_;
  double product_ = 0, our_square_ = 0, their_square_ = 0, square_ = 0;
  std::size_t finite_ = 0, permille_1_ = 0, permille_5_ = 0;
  Worst exceeding_, largest_{-1, 0, 0, 0};
};

/// Shapes must be equal; otherwise the status is `shape` and nothing else is set. One pass over both.
Difference compare(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance);

/// Whether compare() would say `match`, given up at the first cell that does not pass.
bool agree(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance);

/// Row-major position -> index along every axis.
Shape unravel(std::size_t flat, const Shape& shape);

}  // namespace attn
