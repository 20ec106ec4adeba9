// CSV files: a matrix of numbers, or a trace with one number a row.
#pragma once

#include <attn/io/array.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// Three forms are read:
///   - a matrix, always of rank 2, with an empty name. A first row in which no cell is a number is a
///     header. float64, or int64 when every cell is written as an integer up to 2^53;
///   - matrices whose rows carry their numbers, recognised by a header such as position,0,1,2 (csv_numbered.hpp);
///   - a trace as the tools write it, recognised by its header step,batch,head,row,col,value: one float64
///     array for each step, in order of first appearance. The index columns that a step fills are its
///     axes; every element must be there exactly once, in any order.
///
/// Blanks around a number are ignored. NaN, Inf and Infinity are numbers, in any case.
/// Everything else is refused with line and column (InputError): empty cells unless they are allowed, text,
/// ragged rows, numbers outside the range of float64. LimitError when the numbers would not fit the limit.
std::vector<NamedArray> read_csv(std::string_view text, const std::string& subject,
                                 const MemoryLimit& limit = {}, EmptyCells empty_cells = EmptyCells::refused);

}  // namespace attn::io
