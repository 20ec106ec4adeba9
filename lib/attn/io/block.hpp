// The bytes of a named tensor with their type: what writers of files take, wherever they come from.
#pragma once

#include <attn/io/array.hpp>
#include <attn/io/named_view.hpp>

#include <string_view>
#include <vector>

namespace attn::io {

struct Block {
  std::string name;
  DType dtype = DType::float64;
  Shape shape;
  std::string_view data;  ///< row-major, little-endian; valid while what it was made from lives
};

std::vector<Block> blocks_of(const std::vector<NamedView>& tensors);

/// Throws std::invalid_argument for an array in another byte or memory order: those come out of files, and
/// to_tensor() puts them in order.
std::vector<Block> blocks_of(const std::vector<NamedArray>& arrays);

}  // namespace attn::io
