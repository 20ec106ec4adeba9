// The header of an NPY file: a Python dictionary that says what the bytes after it are.
// Format: numpy.lib.format, versions 1.0, 2.0 and 3.0.
#pragma once

#include <attn/dtype.hpp>
#include <attn/io/array.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace attn::io {

struct NpyHeader {
  DType dtype = DType::float64;
  ByteOrder byte_order = ByteOrder::little;
  Layout layout = Layout::row_major;
  Shape shape;
  std::size_t data_offset = 0;  ///< where the elements begin in the file
};

/// Reads the header at the start of `file`. Exactly the keys 'descr', 'fortran_order' and 'shape' must be
/// there, in any order. Throws InputError saying what was found and expected; element types that this
/// library has no use for (object, structured, text, complex, dates) are refused by name.
NpyHeader parse_npy_header(std::string_view file, const std::string& subject);

/// A version 1.0 header, magic included, padded so that the data begins at a multiple of 64.
/// Throws std::invalid_argument for bfloat16, which NPY cannot name.
std::string format_npy_header(DType dtype, const Shape& shape);

}  // namespace attn::io
