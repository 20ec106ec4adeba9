// NPY files: one array, as numpy.save writes it.
#pragma once

#include <attn/io/array.hpp>
#include <attn/io/sink.hpp>

#include <string>

namespace attn::io {

/// The array of an NPY file of version 1.0 to 3.0, in either byte order and memory order, without
/// copying its elements. Its data must be exactly as long as its header declares.
/// Throws InputError (malformed, truncated, trailing bytes, unsupported element type) and LimitError.
Array read_npy(const Bytes& file, const std::string& subject, const MemoryLimit& limit = {});

/// Writes what numpy.load(..., allow_pickle=False) reads: version 1.0, row-major, '<f8' or '<f4'.
void write_npy(Sink& sink, const TensorView& tensor);

/// The same for an array of any type, in row-major order and little-endian (make_array): '|b1' for booleans.
void write_npy(Sink& sink, const Array& array);

}  // namespace attn::io
