// The weights of a module and the sizes they imply: from a file, from options, or fresh from the seed.
#pragma once

#include "module_command.hpp"

#include <attn/random.hpp>
#include <attn/weights/mha_weights.hpp>
#include <attn/weights/multihead_shape.hpp>
#include <attn/weights/named_tensor.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// --weights FILE or FILE:PREFIX, taken apart; a file that exists wins over the reading as FILE:PREFIX.
struct WeightsFile {
  std::string path;
  std::string prefix;  ///< "encoder.layers.0.self_attn.", to be taken off the names; "" for none
};
WeightsFile split_prefix(const std::string& text);

/// The tensors of --weights under the module's own names (a prefix taken off), and the shape they imply.
/// Empty when there is no --weights; the shape then comes from the sizes and the inputs.
template <class T>
struct ModuleWeights {
  std::vector<NamedTensor<T>> tensors;
  MultiheadShape shape;
};

/// The tensors of --weights, its prefix taken off their names. Charges the budget.
/// Throws InputError if no name begins with the prefix.
template <class T>
std::vector<NamedTensor<T>> read_named_tensors(const std::string& weights, MemoryBudget& budget);

template <class T>
ModuleWeights<T> read_weights(ModuleCommand& command, MemoryBudget& budget);

/// The canonical weights: those read, else --wq --wk --wv, else fresh ones, drawn first of everything.
template <class T>
MultiheadWeights<T> canonical_weights(ModuleCommand& command, ModuleWeights<T> read, TorchGenerator& random);

}  // namespace attn::tools
