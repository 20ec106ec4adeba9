// Cells that belong to padding: what a program puts there may be anything.
#pragma once

#include <attn/verify/compare.hpp>
#include <attn/verify/problem.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace attn {

/// Whether cells of padding are held against theirs like any others, or ours stand there.
enum class Padding { counts, left_out };

/// Positions of one axis that hold no token: of sample b those from lens[b] on, up to the last `exempt` ones, which no length
/// is about. Index 0 of the axis stands at position `first`.
struct PaddedAxis {
  std::vector<std::size_t> lens;  ///< one a sample; empty: none is padding
  std::size_t first = 0;
  std::size_t exempt = 0;
};

/// Fills the rows of a tensor [B, …, L, W], or the columns of one [B, …, W], at such positions with those of `filler`, of the
/// same shape, or with zeros where that is nullptr. False, and nothing is done, where there are none: without lengths, with
/// those of another number of samples, or for a tensor without samples.
bool fill_padded_rows(Tensor<double>& tensor, const PaddedAxis& rows, const Tensor<double>* filler);
bool fill_padded_columns(Tensor<double>& tensor, const PaddedAxis& columns, const Tensor<double>* filler);

/// Whether a step may have cells of padding: lengths are given, and are about its rows or columns.
bool has_padding(const Problem<double>& problem, Step step);

/// Whether what stands in cells of padding of a step may reach other rows of later ones, where a wrong mask shows it: as keys
/// and values do, and scores of hidden keys; a row of queries reaches itself alone, unless a mistake moves it.
bool padding_may_be_read(Step step);

/// A tensor that stands for a step of the run, with the cells of padding of another. Rows of queries are padding where these
/// attend to themselves, rows and columns of keys where the mask hides what they hold altogether. Empty where the step has no
/// such cells.
std::optional<Tensor<double>> with_padding_of(const Problem<double>& problem, Step step, Tensor<double> tensor, const Tensor<double>* filler);

/// A step of theirs held against ours without the cells of padding; empty where it has none, or another shape.
std::optional<Comparison> compare_what_counts(const Problem<double>& problem, Step step, const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance);

}  // namespace attn
