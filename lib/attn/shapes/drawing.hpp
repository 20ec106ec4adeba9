// The split into heads and the merge, drawn with boxes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attn::shapes {

/// The captions of the drawing, in some language, with the run's numbers filled in.
struct DrawingWords {
  std::string row;    ///< "one row of width"
  std::string cut;    ///< under the row: what view does
  std::string turn;   ///< under the pieces: what transpose does
  std::string merge;  ///< under the matrices: how they come together again
  std::string head;   ///< "head"
};

/// Which heads are drawn: all of up to six, else the first three and the last, with a gap.
/// Empty entries stand for the gap.
std::vector<std::string> head_ranges(std::size_t heads, std::size_t head_dim);

/// Fixed-width text: a row of E = heads · head_dim numbers, the same row cut into heads, one matrix
/// (length, head_dim) a head, and the row again. Each line ends in a line break.
std::string split_drawing(std::size_t heads, std::size_t head_dim, std::size_t length, const DrawingWords& words);

}  // namespace attn::shapes
