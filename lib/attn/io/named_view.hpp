// What writers of several tensors take.
#pragma once

#include <attn/tensor.hpp>

#include <string>

namespace attn::io {

struct NamedView {
  std::string name;
  TensorView tensor;  ///< valid while the tensor it was made from lives
};

}  // namespace attn::io
