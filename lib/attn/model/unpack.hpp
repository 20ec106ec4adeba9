// From the tensors of a model file to the canonical weights of a Transformer.
#pragma once

#include <attn/io/array.hpp>
#include <attn/model/config.hpp>
#include <attn/model/names.hpp>
#include <attn/weights/transformer_weights.hpp>

#include <string>
#include <vector>

namespace attn {

/// The letters of the shapes of a model's parameters, for one of its stacks.
Sizes sizes_of(const ModelConfig& config, Stack stack);

/// The weights of a model with this configuration, taken from `arrays` under the names of `map`. A fixed
/// (sinusoidal) position table and a tied output map are filled in; biases that no row feeds stay absent.
/// Throws InputError(subject) that lists which tensors are missing and which nobody reads, or names one whose
/// shape is not the expected one (both shapes), or a parameter that no row feeds; LimitError.
template <class T>
TransformerWeights<T> unpacked(const ModelConfig& config, const ModelNames& map, const std::vector<io::NamedArray>& arrays,
                               const std::string& subject, const io::MemoryLimit& limit = {});

}  // namespace attn
