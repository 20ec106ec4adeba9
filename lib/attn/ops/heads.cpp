#include <attn/error.hpp>
#include <attn/ops/heads.hpp>

#include <algorithm>
#include <string>

namespace attn {

template <class T>
Tensor<T> split_heads(const Tensor<T>& projected, std::size_t heads) {
  const Shape shape = shape_of(projected);
  if (shape.size() != 3) throw ShapeError("split into heads", "expected (B, L, H·D), found " + to_string(shape));
  if (heads == 0 || shape[2] % heads != 0) {
    throw ShapeError("split into heads", "width " + std::to_string(shape[2]) + " is not a multiple of " +
                                             std::to_string(heads) + " heads");
  }
  const std::size_t batch = shape[0], length = shape[1], head_dim = shape[2] / heads;
  Tensor<T> split = empty<T>({batch, heads, length, head_dim});
  const T* source = projected.data();
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t l = 0; l < length; ++l) {
      for (std::size_t h = 0; h < heads; ++h, source += head_dim) {
        std::copy_n(source, head_dim, split.data() + ((b * heads + h) * length + l) * head_dim);
      }
    }
  }
  return split;
}

template <class T>
Tensor<T> merge_heads(const Tensor<T>& heads) {
  const Shape shape = shape_of(heads);
  if (shape.size() != 4) throw ShapeError("merge heads", "expected (B, H, L, D), found " + to_string(shape));
  const std::size_t batch = shape[0], count = shape[1], length = shape[2], head_dim = shape[3];
  Tensor<T> merged = empty<T>({batch, length, count * head_dim});
  T* target = merged.data();
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t l = 0; l < length; ++l) {
      for (std::size_t h = 0; h < count; ++h, target += head_dim) {
        std::copy_n(heads.data() + ((b * count + h) * length + l) * head_dim, head_dim, target);
      }
    }
  }
  return merged;
}

template <class T>
void require_cache(const Tensor<T>& past, const Tensor<T>& now) {
  const Shape before = shape_of(past), after = shape_of(now);
  if (before.size() != 4 || after.size() != 4 || before[0] != after[0] || before[1] != after[1] ||
      before[3] != after[3]) {
    throw ShapeError("cache", "past " + to_string(before) + " and new " + to_string(after) +
                                  " may differ in their third axis (length) only");
  }
}

template <class T>
Tensor<T> concatenate_keys(const Tensor<T>& past, const Tensor<T>& now) {
  require_cache(past, now);
  const Shape before = shape_of(past), after = shape_of(now);
  const std::size_t past_block = before[2] * before[3], new_block = after[2] * after[3];
  Tensor<T> all = empty<T>({before[0], before[1], before[2] + after[2], before[3]});
  T* target = all.data();
  for (std::size_t slice = 0; slice < before[0] * before[1]; ++slice) {
    target = std::copy_n(past.data() + slice * past_block, past_block, target);
    target = std::copy_n(now.data() + slice * new_block, new_block, target);
  }
  return all;
}

template Tensor<float> split_heads(const Tensor<float>&, std::size_t);
template Tensor<double> split_heads(const Tensor<double>&, std::size_t);
template Tensor<float> merge_heads(const Tensor<float>&);
template Tensor<double> merge_heads(const Tensor<double>&);
template void require_cache(const Tensor<float>&, const Tensor<float>&);
template void require_cache(const Tensor<double>&, const Tensor<double>&);
template Tensor<float> concatenate_keys(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> concatenate_keys(const Tensor<double>&, const Tensor<double>&);

}  // namespace attn
