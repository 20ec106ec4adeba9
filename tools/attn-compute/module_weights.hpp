// The weights of a module and the sizes they imply: from a file, from options, or fresh from the seed.
#pragma once

#include "module_command.hpp"

#include <attn/random.hpp>
#include <attn/weights/mha_weights.hpp>
#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <vector>

namespace attn::tools {

/// The tensors of --weights under the module's own names (a prefix taken off), and the shape they imply.
/// Empty when there is no --weights; the shape then comes from the sizes and the inputs.
template <class T>
struct ModuleWeights {
  std::vector<NamedTensor<T>> tensors;
  MultiheadShape shape;
};

template <class T>
ModuleWeights<T> read_weights(ModuleCommand& command, MemoryBudget& budget);

/// The canonical weights: those read, else --wq --wk --wv, else fresh ones, drawn first of everything.
template <class T>
MultiheadWeights<T> canonical_weights(ModuleCommand& command, ModuleWeights<T> read, TorchGenerator& random);

}  // namespace attn::tools
