// The one table of everything that attention computes: names, symbols, formulas, axes.
//
// Nothing else in the project spells a step name. Code says Step::scores_raw; what people type and
// read (file entries, CSV cells, option values, headings) comes from this table.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// Every tensor a run can show, in order of computation. Parameters come first.
enum class Step {
  // parameters of the linear maps, in the orientation x·W (input axis first)
  w_q, b_q, w_k, b_k, w_v, b_v, bias_k, bias_v, w_o, b_o,
  // parameters of a layer: shortcut, normalisation, feed-forward
  w_s, b_s, gamma, beta, w_gate, b_gate, w_1, b_1, w_2, b_2,
  // parameters of a whole model: tables of embeddings, the map to the logits
  token_table, position_table, segment_table, w_out, b_out,
  // tokens as rows; their sum is the input of a stack
  token_embedding, position_embedding, segment_embedding,
  // inputs
  x, memory, memory_value,
  // positional encodings
  pair_omega, pair_rotation, pos_encoding, x_plus_p, position_dots,
  rope_cos, rope_sin, rope_rotated, alibi_slopes, alibi_bias,
  // linear maps and heads
  q_proj, k_proj, v_proj, q, k, v, q_rot, k_rot, past_key, past_value, present_key, present_value,
  // scores: four tensors with four meanings
  scores_raw, scores_scaled, scores_capped, mask, scores_masked,
  // softmax, and its inside
  row_max, exp, row_sum, weights, weights_dropped, weights_averaged,
  // the way back
  heads, merged, output,
  // around attention in a layer: shortcut and sum, normalisation, feed-forward
  shortcut, residual, norm_mean, norm_var, norm_mean_square, norm_hat, norm,
  ffn_gate, ffn_up, ffn_hidden, ffn_output,
  // after the last layer
  logits,
};

/// The parts of a layer that have steps of the same kinds. A step inside one has a dotted path.
enum class Block {
  self,   ///< self-attention, with its residual and its normalisation
  cross,  ///< attention to the memory, likewise; decoder only
  ffn,    ///< feed-forward, likewise
};

/// What a row of the table stands for, so that a listing can leave out what was not computed.
enum class StepKind { parameter, input, step, detail };

/// The name one other system gives to the same tensor. Empty: it does not expose this tensor.
struct ForeignNames {
  std::string_view pytorch;            ///< inside torch.nn.functional.multi_head_attention_forward
  std::string_view d2l;                ///< Dive into Deep Learning, chapters 10 and 11
  std::string_view transformer_lens;   ///< hook point of an attention component
  std::string_view onnx;               ///< operator Attention, opset 23 to 25
  std::string_view llm_c;              ///< activation in train_gpt2.c
};

struct StepInfo {
  Step step;
  StepKind kind;
  std::string_view name;     ///< "scores_raw"
  std::string_view symbol;   ///< "S"
  std::string_view formula;  ///< "<q>·<k>ᵀ": operands are steps, see formula.hpp
  std::string_view latex;    ///< "<q> {<k>}^{\top}"; empty: the formula is words
  std::string_view axes;     ///< "B, H, Lq, Lk"; letters of shape.hpp
  std::vector<Step> operands;  ///< what the formula reads, in the order it reads them
  std::string_view meaning;  ///< one line
  ForeignNames foreign;
};

/// All rows, in order of computation.
const std::vector<StepInfo>& step_table();

const StepInfo& step_info(Step step);

/// "scores_raw" for Step::scores_raw.
std::string_view name_of(Step step);

/// The step of that name; empty when there is none.
std::optional<Step> find_step(std::string_view name);

/// "self" for Block::self.
std::string_view name_of(Block block);

/// The path of a step inside a layer: "self.weights", "ffn.norm"; "ffn_hidden", whose name says where it is.
std::string path_of(Block block, Step step);

}  // namespace attn
