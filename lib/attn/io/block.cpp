#include <attn/io/block.hpp>

#include <stdexcept>

namespace attn::io {

std::vector<Block> blocks_of(const std::vector<NamedView>& tensors) {
  std::vector<Block> blocks;
  for (const auto& [name, tensor] : tensors) {
    blocks.push_back({name, dtype_of(tensor.precision()), tensor.shape(), {static_cast<const char*>(tensor.data()), tensor.bytes()}});
  }
  return blocks;
}

std::vector<Block> blocks_of(const std::vector<NamedArray>& arrays) {
  std::vector<Block> blocks;
  for (const NamedArray& named : arrays) {
    const Array& array = named.array;
    if (array.byte_order != ByteOrder::little || array.layout != Layout::row_major) {
      throw std::invalid_argument("an array is written in row-major order, little-endian: " + named.name);
    }
    blocks.push_back({named.name, array.dtype, array.shape, array.bytes.text()});
  }
  return blocks;
}

}  // namespace attn::io
