// What mask each API expects, and the same mask for another API.
#pragma once

#include <attn/dtype.hpp>
#include <attn/shape.hpp>

#include <string_view>
#include <vector>

namespace attn::shapes {

/// How the numbers of a mask speak.
enum class MaskMeaning {
  keep,    ///< True (1): may attend
  drop,    ///< True (1): may not attend
  add,     ///< added to the scores: 0 or −inf
  length,  ///< the number of valid keys of a sample
};

struct MaskApi {
  std::string_view name;      ///< what the user types: "torch-padding"
  std::string_view argument;  ///< "nn.MultiheadAttention(key_padding_mask)"
  std::string_view axes;      ///< "B, Lk"; letters of shape.hpp, "1" where it is broadcast
  DType dtype;                ///< 0/1 masks of whole numbers are int64, as tokenizers and PyTorch make them
  MaskMeaning meaning;
};

const std::vector<MaskApi>& mask_table();

/// A mask as one API holds it, row-major.
struct MaskValues {
  Shape shape;
  std::vector<double> values;
};

/// Sizes that the mask itself may not tell. 0: read off the mask, else 1 (of keys: the longest length).
struct MaskSizes {
  std::size_t batch = 0, heads = 0, query_len = 0, key_len = 0;
  std::size_t most = static_cast<std::size_t>(-1);  ///< numbers that the result may have
};

/// The same mask for another API. Throws LimitError for a result of more than `sizes.most` numbers, InputError when the shape does not fit the first API, when its numbers
/// have no meaning there, or when the target has no axis along which the mask differs.
MaskValues convert_mask(const MaskApi& from, const MaskApi& to, const MaskValues& mask, const MaskSizes& sizes);

}  // namespace attn::shapes
