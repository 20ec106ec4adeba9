// Weight layouts: how other systems name, orient and pack the parameters of multi-head attention.
//
// A layout is rows of data, one a tensor. The user names the layout; it is never guessed from shapes,
// because a square matrix looks the same in every orientation. Everything that reads, makes, writes or
// explains weights walks these rows.
#pragma once

#include <attn/shape.hpp>
#include <attn/steps.hpp>

#include <limits>
#include <string_view>
#include <vector>

namespace attn {

/// Which axis of a matrix comes first. PyTorch's nn.Linear stores (output, input), the canonical form of
/// mha_weights.hpp is (input, output). For a vector it makes no difference.
enum class Orientation { out_in, in_out };

/// How one foreign tensor holds canonical parameters.
enum class Packing {
  whole,            ///< one tensor, one parameter
  stacked_qkv,      ///< the parameters of q, k and v below each other along the first axis
  side_by_side_qkv,  ///< the parameters of q, k and v side by side along the last axis
  heads_first,       ///< (H, in, D): one matrix for every head, canonically side by side along the last axis
  shared_by_heads,  ///< one (D, D) block that every head uses: canonically the diagonal blocks of one matrix
};

/// When a tensor is there at all.
enum class Presence {
  always,
  with_bias,         ///< only if the linear maps have biases
  with_bias_kv,      ///< only if a learned key and value are appended (add_bias_kv)
  equal_widths,      ///< only if keys and values come from sources as wide as the queries'
  different_widths,  ///< only if one of them does not (kdim, vdim)
};

/// What the constructor writes into a tensor, with PyTorch's defaults.
enum class Initialisation {
  linear_weight,  ///< kaiming_uniform with a = √5: uniform within ±1/√fan_in
  linear_bias,    ///< uniform within ±1/√fan_in
  zeros,
  ones,
  drawn_then_zeros,  ///< a linear bias that is drawn, which moves the generator on, and then set to zero
  xavier_uniform,    ///< uniform within ±√(6 / (fan_in + fan_out))
  xavier_normal,     ///< normal with variance 2 / (fan_in + fan_out)
};

/// One tensor of a layout.
struct LayoutRow {
  std::string_view name;    ///< its name in the state_dict: "in_proj_weight"
  std::string_view axes;    ///< letters of shape.hpp: "3*E, E"
  std::vector<Step> feeds;  ///< the canonical parameters it holds
  Orientation orientation;
  Packing packing;
  Presence presence;
  Initialisation initialisation;
  std::string_view fan_in;  ///< number of inputs of its linear map, a letter of shape.hpp; "" where unused
};

/// One layout.
struct LayoutInfo {
  std::string_view name;         ///< what the user types: "torch"
  std::string_view description;  ///< one line
  std::string_view module_name;  ///< the Python class: "MultiheadAttention"
  std::vector<LayoutRow> rows;   ///< in the order in which the constructor draws random numbers
  bool bias_by_default = false;
  bool grouped_heads = false;     ///< may have fewer key/value heads than query heads
  bool free_head_size = false;    ///< D and Dv need not be E / H
  bool separate_sources = false;  ///< keys and values may come from sources of other widths
  bool one_head = false;          ///< has no heads to split into
  /// What the module itself computes with, where it differs from softmax(QKᵀ/√D)V with −inf masks.
  double masked_score = -std::numeric_limits<double>::infinity();  ///< the score of a masked key
  bool scales_by_d_model = false;                                  ///< divides scores by √E, not √D
};

/// The layouts of multi-head modules: torch, d2l, linear, shared-head.
const std::vector<LayoutInfo>& layout_table();

/// Three linear maps W_q, W_k, W_v of one head, without an output map.
const LayoutInfo& single_head_layout();

/// Layouts of other systems, whose weights can be read and written but not drawn: GPT-2, BERT, LLaMA, Keras,
/// TransformerLens, ONNX.
const std::vector<LayoutInfo>& foreign_layout_table();

/// Every row of both tables, and single_head_layout() last.
const std::vector<const LayoutInfo*>& all_layouts();

/// The layout of that name among all_layouts(); nullptr when there is none.
const LayoutInfo* find_layout(std::string_view name);

/// Whether some row of the layout has this presence.
bool has_rows(const LayoutInfo& layout, Presence presence);

}  // namespace attn
