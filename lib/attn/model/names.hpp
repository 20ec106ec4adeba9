// Which tensor of a model file holds which parameters: the names of nn.Transformer by default, or a map that
// the user writes for a file of another system.
//
//   {"about": "GPT-2 as published: Conv1D weights, q, k and v side by side",
//    "prefix": "transformer.",
//    "ignore": ["h.*.attn.bias", "lm_head.weight"],
//    "config": {…},                            in place of the folder's config.json, if given
//    "tensors": {
//      "wte.weight": "decoder.token_table",
//      "h.{i}.attn.c_attn.weight": {"feeds": ["decoder.{i}.self.w_q", "decoder.{i}.self.w_k", "decoder.{i}.self.w_v"],
//                                   "stored": "in,out"},
//      "h.{i}.ln_1.weight": "decoder.{i}.self.gamma", …}}
//
// {i} is the number of the layer. Which biases there are is what the rows say.
#pragma once

#include <attn/model/config.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn {

/// Which axis of a linear map comes first in the file: nn.Linear stores (out, in), GPT-2's Conv1D (in, out).
/// Vectors and tables have one form only.
enum class Stored { out_in, in_out };

/// How one tensor holds several parameters.
enum class Parts {
  side_by_side,  ///< one after the other along the output axis
  by_head,       ///< for each head its part of every parameter (GPT-NeoX, BLOOM)
  shared,        ///< each of them is the whole tensor (tied tables)
};

/// One tensor of a file, and the parameters it holds, as paths of visit_places.
struct NameRow {
  std::string name;                ///< may hold {i}
  std::vector<std::string> feeds;  ///< may hold {i}
  Stored stored = Stored::out_in;
  Parts parts = Parts::side_by_side;
};

struct ModelNames {
  std::vector<NameRow> rows;
  std::vector<std::string> ignore;      ///< globs of tensors that may be there and are not read
  std::string prefix;                   ///< taken off the names in the file, where they have it
  std::optional<ModelConfig> config;
};

/// The names of PyTorch's nn.TransformerEncoderLayer and nn.TransformerDecoderLayer, and around them
/// source_embedding, source_positions, target_embedding, target_positions, output; what a model directory
/// has without a map.
ModelNames torch_names(const ModelConfig& config);

/// Reads a map. Throws InputError(subject).
ModelNames parse_name_map(std::string_view text, const std::string& subject);

/// The rows with a layer's number in place of every {i}: for a row whose parameters stand in a stack, one row
/// for each of its layers.
std::vector<NameRow> expanded(const std::vector<NameRow>& rows, const ModelConfig& config);

}  // namespace attn
