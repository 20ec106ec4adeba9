#include <attn/gradient_steps.hpp>
#include <attn/layer_steps.hpp>
#include <attn/path_steps.hpp>
#include <attn/steps.hpp>

#include <map>
#include <stdexcept>
#include <string>

namespace attn {
namespace {

std::vector<StepInfo> make_table() {
  using S = Step;
  using K = StepKind;
  return {
      {S::w_q, K::parameter, "w_q", "W_q", "", "W_q", "E, H*D", {}, "linear map from the input to the queries", {"in_proj_weight[:E]ᵀ or q_proj_weightᵀ", "W_q.weightᵀ", "W_Q", "", "qkvw"}},
      {S::b_q, K::parameter, "b_q", "b_q", "", "b_q", "H*D", {}, "bias of the queries", {"in_proj_bias[:E]", "W_q.bias", "b_Q", "", "qkvb"}},
      {S::w_k, K::parameter, "w_k", "W_k", "", "W_k", "Ek, Hk*D", {}, "linear map from the source to the keys", {"in_proj_weight[E:2E]ᵀ or k_proj_weightᵀ", "W_k.weightᵀ", "W_K", "", "qkvw"}},
      {S::b_k, K::parameter, "b_k", "b_k", "", "b_k", "Hk*D", {}, "bias of the keys", {"in_proj_bias[E:2E]", "W_k.bias", "b_K", "", "qkvb"}},
      {S::w_v, K::parameter, "w_v", "W_v", "", "W_v", "Ev, Hk*Dv", {}, "linear map from the source to the values", {"in_proj_weight[2E:]ᵀ or v_proj_weightᵀ", "W_v.weightᵀ", "W_V", "", "qkvw"}},
      {S::b_v, K::parameter, "b_v", "b_v", "", "b_v", "Hk*Dv", {}, "bias of the values", {"in_proj_bias[2E:]", "W_v.bias", "b_V", "", "qkvb"}},
      {S::bias_k, K::parameter, "bias_k", "k_+", "", "k_+", "Hk*D", {}, "one learned key appended to every sequence", {"bias_k", "", "", "", ""}},
      {S::bias_v, K::parameter, "bias_v", "v_+", "", "v_+", "Hk*Dv", {}, "one learned value appended to every sequence", {"bias_v", "", "", "", ""}},
      {S::w_o, K::parameter, "w_o", "W_o", "", "W_o", "H*Dv, E", {}, "linear map from the merged heads to the output", {"out_proj.weightᵀ", "W_o.weightᵀ", "W_O", "", "attprojw"}},
      {S::b_o, K::parameter, "b_o", "b_o", "", "b_o", "E", {}, "bias of the output", {"out_proj.bias", "W_o.bias", "b_O", "", "attprojb"}},
      {S::w_s, K::parameter, "w_s", "W_s", "", "W_s", "E, Eo", {}, "linear map of the shortcut, where the sublayer changes the width", {"", "", "", "", ""}},
      {S::b_s, K::parameter, "b_s", "b_s", "", "b_s", "Eo", {}, "bias of the shortcut", {"", "", "", "", ""}},
      {S::gamma, K::parameter, "gamma", "γ", "", "\\gamma", "E", {}, "gain of the normalisation, one number a feature", {"norm1.weight, norm2.weight, norm3.weight", "ln.weight", "ln1.w, ln2.w", "Scale", "ln1w, ln2w"}},
      {S::beta, K::parameter, "beta", "β", "", "\\beta", "E", {}, "shift of the normalisation, one number a feature", {"norm1.bias, norm2.bias, norm3.bias", "ln.bias", "ln1.b, ln2.b", "B", "ln1b, ln2b"}},
      {S::w_gate, K::parameter, "w_gate", "W_g", "", "W_g", "E, F", {}, "linear map to the gate of a gated feed-forward", {"", "", "W_gate", "", ""}},
      {S::b_gate, K::parameter, "b_gate", "b_g", "", "b_g", "F", {}, "bias of the gate", {"", "", "", "", ""}},
      {S::w_1, K::parameter, "w_1", "W_1", "", "W_1", "E, F", {}, "linear map to the wide middle of the feed-forward", {"linear1.weightᵀ", "dense1.weightᵀ", "W_in", "", "fcw"}},
      {S::b_1, K::parameter, "b_1", "b_1", "", "b_1", "F", {}, "its bias", {"linear1.bias", "dense1.bias", "b_in", "", "fcb"}},
      {S::w_2, K::parameter, "w_2", "W_2", "", "W_2", "F, Eo", {}, "linear map from the middle back to the width of the layer", {"linear2.weightᵀ", "dense2.weightᵀ", "W_out", "", "fcprojw"}},
      {S::b_2, K::parameter, "b_2", "b_2", "", "b_2", "Eo", {}, "its bias", {"linear2.bias", "dense2.bias", "b_out", "", "fcprojb"}},
      {S::token_table, K::parameter, "token_table", "E_t", "", "E_t", "V, E", {}, "one row of features for every token of the vocabulary", {"nn.Embedding.weight", "embedding.weight", "W_E", "", "wte"}},
      {S::position_table, K::parameter, "position_table", "E_p", "", "E_p", "Lm, E", {}, "one row of features for every position", {"nn.Embedding.weight", "P", "W_pos", "", "wpe"}},
      {S::segment_table, K::parameter, "segment_table", "E_g", "", "E_g", "Sg, E", {}, "one row of features for every kind of segment", {"", "segment_embedding.weight", "W_token_type", "", ""}},
      {S::w_out, K::parameter, "w_out", "W_out", "", "W_{out}", "E, V", {}, "linear map from the last row of features to one score a token", {"nn.Linear.weightᵀ", "dense.weightᵀ", "W_U", "", "wteᵀ"}},
      {S::b_out, K::parameter, "b_out", "b_out", "", "b_{out}", "V", {}, "its bias", {"nn.Linear.bias", "dense.bias", "b_U", "", ""}},

      {S::token_embedding, K::step, "token_embedding", "X_t", "scale · <token_table>[tokens]", "s \\cdot <token_table>[\\mathrm{tokens}]", "B, Lq, E", {S::token_table}, "the row of each token", {"embedding(tokens)", "embedding(X)", "hook_embed", "", ""}},
      {S::position_embedding, K::step, "position_embedding", "X_p", "<position_table>[0 … Lq − 1]", "<position_table>[0 \\dots L_q - 1]", "Lq, E", {S::position_table}, "the row of each position", {"", "P[:, :L, :]", "hook_pos_embed", "", ""}},
      {S::segment_embedding, K::step, "segment_embedding", "X_g", "<segment_table>[0]", "<segment_table>[0]", "Lq, E", {S::segment_table}, "the row of the segment; here every token is in segment 0", {"", "segment_embedding(segments)", "hook_token_type_embed", "", ""}},
      {S::x, K::input, "x", "X", "", "X", "B, Lq, E", {}, "the input: one row per position", {"query", "queries", "hook_q_input", "", "inp"}},
      {S::memory, K::input, "memory", "X_m", "", "X_m", "B, Ln, Ek", {}, "the source of keys and values in cross-attention", {"key", "keys", "hook_k_input", "", ""}},
      {S::memory_value, K::input, "memory_value", "X_v", "", "X_v", "B, Ln, Ev", {}, "the source of values, when it is not the source of keys", {"value", "values", "hook_v_input", "", ""}},

      {S::pair_omega, K::step, "pair_omega", "ω", "base^(−2j/d)", "\\omega_j = base^{-2j/d}", "E/2", {}, "angular frequency of each pair of columns, in radians a position", {"", "", "", "", ""}},
      {S::pair_rotation, K::step, "pair_rotation", "R_δ", "[[cos δω, sin δω], [−sin δω, cos δω]]", "\\begin{pmatrix} \\cos\\delta\\omega & \\sin\\delta\\omega \\\\ -\\sin\\delta\\omega & \\cos\\delta\\omega \\end{pmatrix}", "E/2, 2, 2", {S::pair_omega}, "what takes each pair to the position δ further on", {"", "", "", "", ""}},
      {S::pos_encoding, K::step, "pos_encoding", "P", "p[i, 2j] = sin(i·ω), p[i, 2j + 1] = cos(i·ω)", "p_{i,2j} = \\sin(i\\omega_j),\\ p_{i,2j+1} = \\cos(i\\omega_j)", "Lq, E", {S::pair_omega}, "the encoding: one row for each position", {"pe", "P", "hook_pos_embed", "", "wpe"}},
      {S::x_plus_p, K::step, "x_plus_p", "X+P", "<x> + <pos_encoding>", "<x> + <pos_encoding>", "B, Lq, E", {S::x, S::pos_encoding}, "the input with the positions added", {"", "X + P", "hook_embed + hook_pos_embed", "", "encoded"}},
      {S::position_dots, K::step, "position_dots", "PPᵀ", "<pos_encoding>·<pos_encoding>ᵀ", "<pos_encoding> <pos_encoding>^\\top", "Lq, Lq", {S::pos_encoding}, "dot product of every row of the encoding with every other", {"", "", "", "", ""}},
      {S::rope_cos, K::step, "rope_cos", "cos", "cos(i·ω)", "\\cos(i\\omega_j)", "Lq, D", {}, "rotary encoding: cosine of each angle, at both coordinates of its pair", {"cos", "", "rotary_cos", "cos_cache", ""}},
      {S::rope_sin, K::step, "rope_sin", "sin", "sin(i·ω)", "\\sin(i\\omega_j)", "Lq, D", {}, "rotary encoding: sine of each angle, at both coordinates of its pair", {"sin", "", "rotary_sin", "sin_cache", ""}},
      {S::rope_rotated, K::step, "rope_rotated", "Q′", "(a, b) → (a·cos − b·sin, a·sin + b·cos)", "(a, b) \\mapsto (a\\cos - b\\sin,\\ a\\sin + b\\cos)", "B, H, Lq, D", {S::rope_cos, S::rope_sin}, "queries or keys, each pair of coordinates turned by its position", {"q_embed", "", "hook_rot_q", "", ""}},
      {S::alibi_slopes, K::step, "alibi_slopes", "m_h", "2^(−8(h + 1)/H)", "2^{-8(h + 1)/H}", "H", {}, "how fast the bias of each head falls with the distance", {"slopes", "", "", "", ""}},
      {S::alibi_bias, K::step, "alibi_bias", "b", "−<alibi_slopes> · (i − j)", "-<alibi_slopes> (i - j)", "H, Lq, Lk", {S::alibi_slopes}, "added to the scores: minus the distance, times the slope of the head", {"alibi", "", "", "", ""}},

      {S::q_proj, K::step, "q_proj", "Q∥", "<x>·<w_q> + <b_q>", "<x> <w_q> + <b_q>", "B, Lq, H*D", {S::x, S::w_q}, "queries of all heads side by side", {"q", "W_q(queries)", "", "Q (3-D)", "qkv[:, :, 0:C]"}},
      {S::k_proj, K::step, "k_proj", "K∥", "<memory>·<w_k> + <b_k>", "<memory> <w_k> + <b_k>", "B, Ln, Hk*D", {S::memory, S::w_k}, "keys of all heads side by side", {"k", "W_k(keys)", "", "K (3-D)", "qkv[:, :, C:2C]"}},
      {S::v_proj, K::step, "v_proj", "V∥", "<memory>·<w_v> + <b_v>", "<memory> <w_v> + <b_v>", "B, Ln, Hk*Dv", {S::memory, S::w_v}, "values of all heads side by side", {"v", "W_v(values)", "", "V (3-D)", "qkv[:, :, 2C:3C]"}},
      {S::q, K::step, "q", "Q", "<q_proj> split into heads", "", "B, H, Lq, D", {S::q_proj}, "queries, split into heads", {"q", "queries", "hook_q", "Q", ""}},
      {S::k, K::step, "k", "K", "<k_proj> split into heads", "", "B, Hk, Ln, D", {S::k_proj}, "keys, split into heads, before any repetition for grouped heads", {"k", "keys", "hook_k", "K", ""}},
      {S::v, K::step, "v", "V", "<v_proj> split into heads", "", "B, Hk, Ln, Dv", {S::v_proj}, "values, split into heads, before any repetition for grouped heads", {"v", "values", "hook_v", "V", ""}},
      {S::q_rot, K::step, "q_rot", "Q°", "<q> turned by its positions", "", "B, H, Lq, D", {S::q}, "queries after rotary position embedding", {"", "", "hook_rot_q", "", ""}},
      {S::k_rot, K::step, "k_rot", "K°", "<k> turned by its positions", "", "B, Hk, Ln, D", {S::k}, "keys after rotary position embedding, as the cache keeps them", {"", "", "hook_rot_k", "", ""}},
      {S::past_key, K::input, "past_key", "K_past", "", "K_{past}", "B, Hk, P, D", {}, "keys of earlier tokens, from the cache", {"", "", "", "past_key", ""}},
      {S::past_value, K::input, "past_value", "V_past", "", "V_{past}", "B, Hk, P, Dv", {}, "values of earlier tokens, from the cache", {"", "", "", "past_value", ""}},
      {S::present_key, K::step, "present_key", "K⁺", "[<past_key> ; <k>]", "[<past_key> ; <k>]", "B, Hk, Lk, D", {S::past_key, S::k}, "all keys: those of the cache, then the new ones", {"", "", "", "present_key", ""}},
      {S::present_value, K::step, "present_value", "V⁺", "[<past_value> ; <v>]", "[<past_value> ; <v>]", "B, Hk, Lk, Dv", {S::past_value, S::v}, "all values: those of the cache, then the new ones", {"", "", "", "present_value", ""}},

      {S::scores_raw, K::step, "scores_raw", "S", "<q>·<k>ᵀ", "<q> {<k>}^\\top", "B, H, Lq, Lk", {S::q, S::k}, "every query against every key: their dot products", {"", "", "", "", ""}},
      {S::scores_scaled, K::step, "scores_scaled", "S′", "<scores_raw> · scale", "<scores_raw> \\cdot \\mathrm{scale}", "B, H, Lq, Lk", {S::scores_raw}, "scores at a size that does not grow with the head size", {"attn_output_weights (before the mask)", "scores", "", "qk_matmul_output, mode 0", "preatt"}},
      {S::scores_capped, K::step, "scores_capped", "S″", "c · tanh(<scores_scaled> / c)", "c \\tanh(<scores_scaled> / c)", "B, H, Lq, Lk", {S::scores_scaled}, "scores kept inside (−c, c)", {"", "", "", "qk_matmul_output, mode 1", ""}},
      {S::mask, K::step, "mask", "M", "0 = may attend, −inf = may not", "", "B, H, Lq, Lk", {}, "all mask rules as one tensor to add", {"attn_mask", "", "", "attn_mask", ""}},
      {S::scores_masked, K::step, "scores_masked", "S‴", "<scores_scaled> + <mask>", "<scores_scaled> + <mask>", "B, H, Lq, Lk", {S::scores_scaled, S::mask}, "scores with the forbidden keys taken out", {"attn_output_weights (masked)", "X in masked_softmax", "hook_attn_scores", "qk_matmul_output, mode 2", ""}},

      {S::row_max, K::detail, "row_max", "m", "max over keys of <scores_masked>", "m_i = \\max_j <scores_masked>_{ij}", "B, H, Lq, 1", {S::scores_masked}, "largest score of each row, subtracted so that exp cannot overflow", {"", "", "", "", "maxval"}},
      {S::exp, K::detail, "exp", "e", "exp(<scores_masked> − <row_max>)", "\\exp(<scores_masked> - <row_max>)", "B, H, Lq, Lk", {S::scores_masked, S::row_max}, "exponentials, each in [0, 1]", {"", "", "", "", ""}},
      {S::row_sum, K::detail, "row_sum", "z", "sum over keys of <exp>", "z_i = \\sum_j <exp>_{ij}", "B, H, Lq, 1", {S::exp}, "what each row is divided by", {"", "", "", "", "expsum"}},
      {S::weights, K::step, "weights", "A", "softmax(<scores_masked>) over keys", "\\mathrm{softmax}(<scores_masked>)", "B, H, Lq, Lk", {S::scores_masked}, "how much each query takes from each key; every row sums to one", {"attn_output_weights", "attention_weights", "hook_pattern", "qk_matmul_output, mode 3", "att"}},
      {S::weights_dropped, K::step, "weights_dropped", "A′", "<weights> ⊙ keep / (1 − p)", "<weights> \\odot \\mathrm{keep} / (1 - p)", "B, H, Lq, Lk", {S::weights}, "weights after dropout", {"attn_output_weights (training)", "dropout(attention_weights)", "", "", ""}},
      {S::weights_averaged, K::step, "weights_averaged", "Ā", "mean of <weights> over heads", "\\tfrac1H \\sum_h <weights>_h", "B, Lq, Lk", {S::weights}, "one map for all heads, as PyTorch returns it", {"attn_output_weights (returned)", "", "", "", ""}},

      {S::heads, K::step, "heads", "Z", "<weights>·<v>", "<weights> <v>", "B, H, Lq, Dv", {S::weights, S::v}, "per head, the weighted sum of the values", {"attn_output (4-D)", "output", "hook_z", "Y (4-D)", "atty"}},
      {S::merged, K::step, "merged", "Z∥", "the heads of <heads> side by side", "[<heads>_1 ; \\dots ; <heads>_H]", "B, Lq, H*Dv", {S::heads}, "all heads side by side again", {"attn_output", "output_concat", "", "Y (3-D)", "atty"}},
      {S::output, K::step, "output", "Y", "<merged>·<w_o> + <b_o>", "<merged> <w_o> + <b_o>", "B, Lq, E", {S::merged, S::w_o}, "the result: one row per query", {"attn_output (returned)", "W_o(output_concat)", "hook_attn_out", "Y", "attproj"}},

      {S::shortcut, K::step, "shortcut", "X_s", "<x>·<w_s> + <b_s>", "<x> <w_s> + <b_s>", "B, Lq, Eo", {S::x, S::w_s}, "the input of the sublayer, mapped to the width of its output", {"", "", "", "", ""}},
      {S::residual, K::step, "residual", "R", "<x> + <output>", "<x> + <output>", "B, Lq, E", {S::x, S::output}, "the input of the sublayer plus its output", {"x + self._sa_block(x)", "dropout(Y) + X", "hook_resid_mid, hook_resid_post", "", "residual2, residual3"}},
      {S::norm_mean, K::step, "norm_mean", "μ", "mean of <residual> over features", "\\tfrac1E \\sum_e <residual>_e", "B, Lq, 1", {S::residual}, "mean of each row", {"mean", "", "", "Mean", "ln1_mean, ln2_mean"}},
      {S::norm_var, K::step, "norm_var", "σ²", "mean of (<residual> − <norm_mean>)² over features", "\\tfrac1E \\sum_e (<residual>_e - <norm_mean>)^2", "B, Lq, 1", {S::residual, S::norm_mean}, "variance of each row", {"var", "", "", "", ""}},
      {S::norm_mean_square, K::step, "norm_mean_square", "ρ²", "mean of <residual>² over features", "\\tfrac1E \\sum_e <residual>_e^2", "B, Lq, 1", {S::residual}, "mean of the squares of each row, without its mean taken off", {"", "", "", "", ""}},
      {S::norm_hat, K::detail, "norm_hat", "R̂", "(<residual> − <norm_mean>) / √(<norm_var> + ε)", "(<residual> - <norm_mean>) / \\sqrt{<norm_var> + \\varepsilon}", "B, Lq, E", {S::residual, S::norm_mean, S::norm_var}, "rows of mean zero and variance one, before gain and shift", {"", "", "hook_normalized", "Normalized", ""}},
      {S::norm, K::step, "norm", "N", "(<residual> − <norm_mean>) / √(<norm_var> + ε) · <gamma> + <beta>", "\\frac{<residual> - <norm_mean>}{\\sqrt{<norm_var> + \\varepsilon}} <gamma> + <beta>", "B, Lq, E", {S::residual, S::norm_mean, S::norm_var, S::gamma}, "each row centred, divided by its spread, then scaled and shifted", {"norm1(x), norm2(x), norm3(x)", "self.ln(dropout(Y) + X)", "ln1.hook_normalized, ln2.hook_normalized", "Y of LayerNormalization", "ln1, ln2"}},

      {S::ffn_gate, K::step, "ffn_gate", "G", "<norm>·<w_gate> + <b_gate>", "<norm> <w_gate> + <b_gate>", "B, Lq, F", {S::norm, S::w_gate}, "how far each middle feature is opened, before the activation", {"", "", "hook_pre", "", ""}},
      {S::ffn_up, K::step, "ffn_up", "U", "<norm>·<w_1> + <b_1>", "<norm> <w_1> + <b_1>", "B, Lq, F", {S::norm, S::w_1}, "the wide middle of the feed-forward, before the activation", {"linear1(x)", "dense1(X)", "hook_pre", "", "fch"}},
      {S::ffn_hidden, K::step, "ffn_hidden", "F", "act(<ffn_up>)", "\\mathrm{act}(<ffn_up>)", "B, Lq, F", {S::ffn_gate, S::ffn_up}, "the middle of the feed-forward after the activation", {"activation(linear1(x))", "relu(dense1(X))", "hook_post", "", "fch_gelu"}},
      {S::ffn_output, K::step, "ffn_output", "Y", "<ffn_hidden>·<w_2> + <b_2>", "<ffn_hidden> <w_2> + <b_2>", "B, Lq, Eo", {S::ffn_hidden, S::w_2}, "what the feed-forward adds to each row", {"linear2(activation(linear1(x)))", "dense2(relu(dense1(X)))", "hook_mlp_out", "", "fcproj"}},

      {S::logits, K::step, "logits", "L", "<output>·<w_out> + <b_out>", "<output> <w_out> + <b_out>", "B, Lq, V", {S::output, S::w_out}, "one score for every token of the vocabulary: which comes next?", {"logits", "dense(X)", "logits", "", "logits"}},
  };
}

}  // namespace

const std::vector<StepInfo>& step_table() {
  static const std::vector<StepInfo> table = make_table();
  return table;
}

const StepInfo& step_info(Step step) {
  if (is_gradient(step)) return gradient_info(base_of(step));
  // The table is in the order of the enumeration; the unit tests hold it to that.
  return step_table().at(static_cast<std::size_t>(base_of(step)));
}

namespace {

// The paths of the steps of a layer, which the table does not hold one by one.
const std::map<Step, std::string>& paths() {
  static const std::map<Step, std::string> table = [] {
    std::map<Step, std::string> names;
    for (const Block block : {Block::self, Block::cross, Block::ffn}) {
      for (const LayerPart part : {LayerPart::norm_before, LayerPart::sublayer, LayerPart::sum, LayerPart::norm_after}) {
        for (const StepInfo& row : step_table()) {
          for (const Step step : {row.step, gradient_of(row.step)}) names[at_place({block, part}, step)] = path_of(block, step);
        }
      }
    }
    return names;
  }();
  return table;
}

}  // namespace

std::string_view name_of(Step step) {
  if (!path_above(step).empty()) return name_under_path(step);
  return place_of(step) ? std::string_view(paths().at(step)) : step_info(step).name;
}

std::optional<Step> find_step(std::string_view name) {
  for (const StepInfo& row : step_table()) {
    if (row.name == name) return row.step;
  }
  for (const StepInfo& row : step_table()) {
    if (gradient_info(row.step).name == name) return gradient_of(row.step);
  }
  return std::nullopt;
}

std::string_view name_of(Block block) {
  switch (block) {
    case Block::self:
      return "self";
    case Block::cross:
      return "cross";
    case Block::ffn:
      return "ffn";
  }
  throw std::invalid_argument("unknown block");
}

std::string path_of(Block block, Step step) {
  const std::string name(name_of(step));
  const Step of = differentiated(step);
  const bool says_where = of >= Step::ffn_gate && of <= Step::ffn_output;
  return says_where ? name : std::string(name_of(block)) + "." + name;
}

}  // namespace attn
