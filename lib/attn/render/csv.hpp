// Tensors as CSV: tidy (one number a line, with its place) and as a bare matrix.
//
// Lines end with a line feed, decimals have a point, digits are the shortest that read back unless a
// number of decimals is asked for. Not finite: NaN, Infinity, -Infinity.
#pragma once

#include <attn/render/number.hpp>
#include <attn/render/output.hpp>
#include <attn/tensor.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

/// Writes "step,batch,head,row,col,value", then one line for every element of every tensor added.
/// row and col are the last two axes; of the axes before them B is batch, H and Hk are head, and a
/// letter unknown here takes the place next to row that is still free. Places without an axis stay empty.
class TidyCsv {
 public:
  /// With `second`, the title of a column after the value, for numbers that stand beside it.
  explicit TidyCsv(Output& output, NumberFormat format = {}, std::string_view second = {});

  /// axes: letters of shape.hpp, one an axis, or empty.
  /// Blank cells have their places and an empty value.
  /// Throws ShapeError if the tensor has more than four axes.
  /// `beside` holds one number for each element, NaN for an empty cell; for a table with a second column.
  void add(std::string_view step, const std::vector<std::string>& axes, const TensorView& tensor, Cells cells = Cells::filled,
           const std::vector<double>& beside = {});

  /// Hands the rest to the output; call it once, after the last tensor.
  void finish();

 private:
  Buffer buffer_;
  NumberFormat format_;
};

/// The numbers alone: a line a row, matrices of leading axes from top to bottom, a vector as one line.
void write_csv_matrix(Output& output, const TensorView& tensor, NumberFormat format = {}, Cells cells = Cells::filled);

}  // namespace attn::render
