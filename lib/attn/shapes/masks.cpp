#include <attn/error.hpp>
#include <attn/shapes/axes.hpp>
#include <attn/shapes/masks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace attn::shapes {
namespace {

/// Whether every query may attend to every key: [B, H, Lq, Lk]; an axis of 1 stands for all.
struct Keep {
  std::array<std::size_t, 4> shape{1, 1, 1, 1};
  std::vector<char> keep;

  char at(std::array<std::size_t, 4> index) const {
    std::size_t flat = 0;
    for (std::size_t axis = 0; axis < 4; ++axis) flat = flat * shape[axis] + (shape[axis] == 1 ? 0 : index[axis]);
    return keep[flat];
  }
};

/// Calls f for every index of a shape of four axes, in row-major order.
template <class F>
void for_each_index(const std::array<std::size_t, 4>& shape, F&& f) {
  for (std::size_t b = 0; b < shape[0]; ++b) {
    for (std::size_t h = 0; h < shape[1]; ++h) {
      for (std::size_t i = 0; i < shape[2]; ++i) {
        for (std::size_t j = 0; j < shape[3]; ++j) f({b, h, i, j});
      }
    }
  }
}

/// The four axes that a mask of this API has, 1 where it is the same for all.
std::array<std::size_t, 4> four_axes(const MaskApi& api, const Shape& shape, std::size_t heads) {
  const std::vector<std::string> axes = split_axes(api.axes);
  if (shape.size() != axes.size()) {
    throw InputError(std::string(api.name), "expected the axes (" + std::string(api.axes) + "), found shape " + to_string(shape));
  }
  std::array<std::size_t, 4> four{1, 1, 1, 1};
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (axes[a] == "B") four[0] = shape[a];
    if (axes[a] == "H") four[1] = shape[a];
    if (axes[a] == "Lq") four[2] = shape[a];
    if (axes[a] == "Lk") four[3] = shape[a];
    if (axes[a] == "1" && shape[a] != 1) {
      throw InputError(std::string(api.name), "axis " + std::to_string(a) + " of " + to_string(shape) + " must be 1");
    }
    if (axes[a] == "B*H") {
      if (heads == 0 || shape[a] % heads != 0) {
        throw InputError(std::string(api.name), "its first axis " + std::to_string(shape[a]) + " is B·H, which " +
                                                    std::to_string(heads) + " heads do not divide; give --heads");
      }
      four[0] = shape[a] / heads;
      four[1] = heads;
    }
  }
  return four;
}

bool keeps(const MaskApi& api, double value) {
  if (api.meaning == MaskMeaning::add) {
    if (value == 0) return true;
    // −1e4 and below are what people write for −inf.
    if (value <= -1e4) return false;
    throw InputError(std::string(api.name), "is added to the scores: expected 0 or a large negative number, found " + std::to_string(value));
  }
  if (value != 0 && value != 1) throw InputError(std::string(api.name), "expected 0 and 1, found " + std::to_string(value));
  return (value == 1) == (api.meaning == MaskMeaning::keep);
}

void require_at_most(std::size_t most, const std::vector<std::size_t>& factors) {
  const std::size_t count = product(factors);
  if (count <= most) return;
  throw LimitError("the converted mask", "would have " + std::to_string(count) + " numbers; " + std::to_string(most) + " fit the memory");
}

constexpr double most_keys = 1 << 20;

/// Without digits after the point.
std::string fixed(double whole) {
  const std::string text = std::to_string(whole);
  return text.substr(0, text.find('.'));
}

Keep keep_of_lengths(const MaskApi& api, const MaskValues& mask, const MaskSizes& sizes) {
  Keep result;
  double longest = 1;
  for (const double length : mask.values) {
    if (!(length >= 0) || length != std::floor(length)) {
      throw InputError(std::string(api.name), "expected whole numbers of keys, found " + std::to_string(length));
    }
    if (length > most_keys) {
      throw InputError(std::string(api.name), "has a length of " + fixed(length) + ", more than the " + fixed(most_keys) + " keys that are converted");
    }
    longest = std::max(longest, length);
  }
  if (sizes.key_len > 0 && longest > static_cast<double>(sizes.key_len)) {
    throw InputError(std::string(api.name), "has a length of " + std::to_string(static_cast<std::size_t>(longest)) + ", but there are " +
                                                std::to_string(sizes.key_len) + " keys");
  }
  longest = std::max(longest, static_cast<double>(sizes.key_len));
  require_at_most(sizes.most, {mask.values.size(), static_cast<std::size_t>(longest)});
  result.shape = {mask.values.size(), 1, 1, static_cast<std::size_t>(longest)};
  for (const double length : mask.values) {
    for (std::size_t j = 0; j < result.shape[3]; ++j) result.keep.push_back(static_cast<double>(j) < length);
  }
  return result;
}

Keep read(const MaskApi& api, const MaskValues& mask, const MaskSizes& sizes) {
  if (api.meaning == MaskMeaning::length) {
    if (mask.shape.size() != 1) throw InputError(std::string(api.name), "expected (B,), found shape " + to_string(mask.shape));
    return keep_of_lengths(api, mask, sizes);
  }
  Keep result;
  result.shape = four_axes(api, mask.shape, sizes.heads);
  for (const double value : mask.values) result.keep.push_back(keeps(api, value));
  return result;
}

constexpr const char* axis_names[] = {"B", "H", "Lq", "Lk"};

/// The target has one entry for all of an axis: they must be equal there.
void require_same_along(const Keep& keep, std::size_t axis, const MaskApi& to) {
  for_each_index(keep.shape, [&](std::array<std::size_t, 4> index) {
    std::array<std::size_t, 4> first = index;
    first[axis] = 0;
    if (keep.at(index) != keep.at(first)) {
      throw InputError(std::string(to.name), std::string("has no axis ") + axis_names[axis] + ", but the mask differs along it");
    }
  });
}

/// A length for each of the samples; `full` are the sizes of B, H, Lq and Lk.
MaskValues lengths_of(const Keep& keep, const std::array<std::size_t, 4>& full, const MaskApi& to) {
  for (const std::size_t axis : {std::size_t{1}, std::size_t{2}}) require_same_along(keep, axis, to);
  MaskValues result{{full[0]}, {}};
  for (std::size_t b = 0; b < full[0]; ++b) {
    std::size_t length = 0;
    while (length < keep.shape[3] && keep.at({b, 0, 0, length})) ++length;
    for (std::size_t j = length; j < keep.shape[3]; ++j) {
      if (keep.at({b, 0, 0, j})) throw InputError(std::string(to.name), "can only keep the first keys; sample " + std::to_string(b) + " has a gap");
    }
    const bool stands_for_all_keys = keep.shape[3] == 1 && length == 1;
    result.values.push_back(static_cast<double>(stands_for_all_keys ? full[3] : length));
  }
  return result;
}

double spoken(const MaskApi& to, bool keep) {
  if (to.meaning == MaskMeaning::add) return keep ? 0 : -std::numeric_limits<double>::infinity();
  return keep == (to.meaning == MaskMeaning::keep) ? 1 : 0;
}

}  // namespace

const std::vector<MaskApi>& mask_table() {
  using M = MaskMeaning;
  static const std::vector<MaskApi> table = {
      {"torch", "nn.MultiheadAttention(attn_mask)", "Lq, Lk", DType::boolean, M::drop},
      {"torch-3d", "nn.MultiheadAttention(attn_mask)", "B*H, Lq, Lk", DType::boolean, M::drop},
      {"torch-float", "nn.MultiheadAttention(attn_mask)", "Lq, Lk", DType::float32, M::add},
      {"torch-padding", "nn.MultiheadAttention(key_padding_mask)", "B, Lk", DType::boolean, M::drop},
      {"sdpa", "F.scaled_dot_product_attention(attn_mask)", "B, H, Lq, Lk", DType::boolean, M::keep},
      {"sdpa-float", "F.scaled_dot_product_attention(attn_mask)", "B, H, Lq, Lk", DType::float32, M::add},
      {"linear", "MultiHeadSelfAttention(mask), SelfAttention(mask): masked where mask == 0", "B, 1, Lq, Lk", DType::int64, M::keep},
      {"d2l", "d2l.MultiHeadAttention(valid_lens)", "B", DType::int64, M::length},
      {"transformers", "Transformers (attention_mask)", "B, Lk", DType::int64, M::keep},
      {"transformers-4d", "Transformers, inside the layers", "B, 1, Lq, Lk", DType::float32, M::add},
      {"keras", "keras.layers.MultiHeadAttention(attention_mask)", "B, Lq, Lk", DType::boolean, M::keep},
      {"onnx", "ONNX Attention, opset 23 (attn_mask)", "B, H, Lq, Lk", DType::boolean, M::keep},
  };
  return table;
}

MaskValues convert_mask(const MaskApi& from, const MaskApi& to, const MaskValues& mask, const MaskSizes& sizes) {
  const Keep keep = read(from, mask, sizes);
  const auto size = [&](std::size_t axis, std::size_t wanted) {
    if (keep.shape[axis] == 1) return std::max<std::size_t>(wanted, 1);
    if (wanted != 0 && wanted != keep.shape[axis]) {
      throw InputError(std::string(from.name), std::string("has ") + axis_names[axis] + " = " + std::to_string(keep.shape[axis]) +
                                                   ", but " + std::to_string(wanted) + " was asked for");
    }
    return keep.shape[axis];
  };
  const std::array<std::size_t, 4> full = {size(0, sizes.batch), size(1, sizes.heads), size(2, sizes.query_len), size(3, sizes.key_len)};
  if (to.meaning == MaskMeaning::length) {
    require_at_most(sizes.most, {full[0]});
    return lengths_of(keep, full, to);
  }
  std::array<std::size_t, 4> written = {1, 1, 1, full[3]};
  MaskValues result;
  for (const std::string& axis : split_axes(to.axes)) {
    if (axis == "B*H") result.shape.push_back(product({full[0], full[1]}));
    for (std::size_t a = 0; a < 4; ++a) {
      const bool named = axis == axis_names[a] || (axis == "B*H" && a < 2);
      if (named) written[a] = full[a];
      if (axis == axis_names[a]) result.shape.push_back(full[a]);
    }
    if (axis == "1") result.shape.push_back(1);
  }
  for (std::size_t a = 0; a < 3; ++a) {
    if (written[a] == 1) require_same_along(keep, a, to);
  }
  require_at_most(sizes.most, {written[0], written[1], written[2], written[3]});
  for_each_index(written, [&](std::array<std::size_t, 4> index) { result.values.push_back(spoken(to, keep.at(index))); });
  return result;
}

}  // namespace attn::shapes
