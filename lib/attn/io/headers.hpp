// What a file holds, without its numbers.
#pragma once

#include <attn/dtype.hpp>
#include <attn/shape.hpp>

#include <string>
#include <vector>

namespace attn::io {

struct ArrayHeader {
  std::string name;  ///< empty when the file holds one array without a name
  DType dtype = DType::float64;
  Shape shape;
};

/// The names, types and shapes of a file's arrays, in the file's order. Of NPY, NPZ and safetensors files only
/// the headers are read, however large the rest; of an NPZ archive the first bytes of every entry. A file
/// whose declared sizes do not fit what it holds is refused all the same. JSON and CSV files are read whole.
/// Throws as read_all (source.hpp).
std::vector<ArrayHeader> read_headers(const std::string& path);

}  // namespace attn::io
