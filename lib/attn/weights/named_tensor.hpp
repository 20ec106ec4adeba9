// A tensor and the name it has in a file or in a module's state_dict.
#pragma once

#include <attn/tensor.hpp>

#include <string>
#include <vector>

namespace attn {

template <class T>
struct NamedTensor {
  std::string name;  ///< "out_proj.weight"
  Tensor<T> tensor;
};

/// The same numbers in another precision: float32 widens exactly, float64 rounds once.
template <class To, class From>
std::vector<NamedTensor<To>> converted(const std::vector<NamedTensor<From>>& tensors) {
  std::vector<NamedTensor<To>> result;
  result.reserve(tensors.size());
  for (const NamedTensor<From>& named : tensors) {
    Tensor<To> tensor = empty<To>(shape_of(named.tensor));
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      tensor.storage()[i] = static_cast<To>(named.tensor.storage()[i]);
    }
    result.push_back({named.name, std::move(tensor)});
  }
  return result;
}

}  // namespace attn
