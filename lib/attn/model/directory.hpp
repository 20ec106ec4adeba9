// A model directory: config.json, model.safetensors and the vocabularies that the configuration names.
#pragma once

#include <attn/io/memory_limit.hpp>
#include <attn/model/config.hpp>
#include <attn/model/vocabulary.hpp>
#include <attn/weights/transformer_weights.hpp>

#include <optional>
#include <string>

namespace attn {

template <class T>
struct Model {
  ModelConfig config;
  TransformerWeights<T> weights;
  std::optional<Vocabulary> source;  ///< of an encoder's input
  std::optional<Vocabulary> target;  ///< of a decoder's
};

/// Reads a directory. `names` is the path of a name map (names.hpp); empty for PyTorch's names.
/// Throws SystemError for a file that is not there, InputError for one that is malformed or does not fit the
/// others, LimitError.
template <class T>
Model<T> read_model(const std::string& directory, const std::string& names = "", const io::MemoryLimit& limit = {});

/// The configuration alone.
ModelConfig read_model_config(const std::string& directory, const std::string& names = "");

}  // namespace attn
