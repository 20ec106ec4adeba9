// The weights of other systems as rows: what their files call the parameters, and how they pack them.
#include <attn/weights/layouts.hpp>

namespace attn {
namespace {

using P = Packing;
using S = Step;
constexpr Orientation out_in = Orientation::out_in, in_out = Orientation::in_out;

LayoutRow row(std::string_view name, std::string_view axes, std::vector<Step> feeds, Orientation orientation,
              Packing packing, Presence presence) {
  return {name, axes, std::move(feeds), orientation, packing, presence, Initialisation::zeros, ""};
}

LayoutRow weight(std::string_view name, std::string_view axes, Step feeds, Orientation orientation = out_in) {
  return row(name, axes, {feeds}, orientation, P::whole, Presence::always);
}

LayoutRow bias(std::string_view name, std::string_view axes, Step feeds) {
  return row(name, axes, {feeds}, in_out, P::whole, Presence::with_bias);
}

LayoutInfo make_gpt2() {
  LayoutInfo gpt2;
  gpt2.name = "gpt2";
  gpt2.description = "GPT-2: Conv1D stores (in, out); q, k, v side by side in c_attn";
  gpt2.module_name = "GPT2Attention";
  gpt2.rows = {row("c_attn.weight", "E, 3*E", {S::w_q, S::w_k, S::w_v}, in_out, P::side_by_side_qkv, Presence::always),
               row("c_attn.bias", "3*E", {S::b_q, S::b_k, S::b_v}, in_out, P::side_by_side_qkv, Presence::with_bias),
               weight("c_proj.weight", "E, E", S::w_o, in_out), bias("c_proj.bias", "E", S::b_o)};
  gpt2.bias_by_default = true;
  return gpt2;
}

LayoutInfo make_bert() {
  LayoutInfo bert;
  bert.name = "bert";
  bert.description = "BERT: three linear maps in self, the output map in output.dense";
  bert.module_name = "BertAttention";
  bert.rows = {weight("self.query.weight", "E, E", S::w_q),   bias("self.query.bias", "E", S::b_q),
               weight("self.key.weight", "E, E", S::w_k),     bias("self.key.bias", "E", S::b_k),
               weight("self.value.weight", "E, E", S::w_v),   bias("self.value.bias", "E", S::b_v),
               weight("output.dense.weight", "E, E", S::w_o), bias("output.dense.bias", "E", S::b_o)};
  bert.bias_by_default = true;
  return bert;
}

LayoutInfo make_llama() {
  LayoutInfo llama;
  llama.name = "llama";
  llama.description = "LLaMA: q_proj, k_proj, v_proj, o_proj, with grouped key/value heads; no bias";
  llama.module_name = "LlamaAttention";
  llama.rows = {weight("q_proj.weight", "H*D, E", S::w_q),   bias("q_proj.bias", "H*D", S::b_q),
                weight("k_proj.weight", "Hk*D, E", S::w_k),  bias("k_proj.bias", "Hk*D", S::b_k),
                weight("v_proj.weight", "Hk*Dv, E", S::w_v), bias("v_proj.bias", "Hk*Dv", S::b_v),
                weight("o_proj.weight", "E, H*Dv", S::w_o),  bias("o_proj.bias", "E", S::b_o)};
  llama.grouped_heads = llama.free_head_size = true;
  return llama;
}

LayoutInfo make_keras() {
  LayoutInfo keras;
  keras.name = "keras";
  keras.description = "Keras MultiHeadAttention: kernels (in, H, D), so the heads are an axis";
  keras.module_name = "keras.layers.MultiHeadAttention";
  keras.rows = {weight("query/kernel", "E, H, D", S::w_q, in_out),  bias("query/bias", "H, D", S::b_q),
                weight("key/kernel", "Ek, H, D", S::w_k, in_out),   bias("key/bias", "H, D", S::b_k),
                weight("value/kernel", "Ev, H, Dv", S::w_v, in_out), bias("value/bias", "H, Dv", S::b_v),
                weight("attention_output/kernel", "H, Dv, E", S::w_o, in_out), bias("attention_output/bias", "E", S::b_o)};
  keras.bias_by_default = true;
  keras.free_head_size = keras.separate_sources = true;
  return keras;
}

LayoutInfo make_transformer_lens() {
  const auto by_head = [](std::string_view name, std::string_view axes, Step feeds) {
    return row(name, axes, {feeds}, in_out, P::heads_first, Presence::always);
  };
  LayoutInfo lens;
  lens.name = "transformer-lens";
  lens.description = "TransformerLens: one (in, D) matrix for every head, heads first";
  lens.module_name = "transformer_lens.components.Attention";
  lens.rows = {by_head("W_Q", "H, E, D", S::w_q), bias("b_Q", "H, D", S::b_q),
               by_head("W_K", "H, E, D", S::w_k), bias("b_K", "H, D", S::b_k),
               by_head("W_V", "H, E, D", S::w_v), bias("b_V", "H, D", S::b_v),
               weight("W_O", "H, D, E", S::w_o, in_out), bias("b_O", "E", S::b_o)};
  lens.bias_by_default = true;
  lens.free_head_size = true;
  return lens;
}

LayoutInfo make_onnx() {
  LayoutInfo onnx;
  onnx.name = "onnx";
  onnx.description = "com.microsoft.Attention: weights (in, 3*E) and bias; the output map is a MatMul behind it";
  onnx.module_name = "com.microsoft.Attention";
  onnx.rows = {row("weights", "E, 3*E", {S::w_q, S::w_k, S::w_v}, in_out, P::side_by_side_qkv, Presence::always),
               row("bias", "3*E", {S::b_q, S::b_k, S::b_v}, in_out, P::side_by_side_qkv, Presence::with_bias),
               weight("output_weight", "E, E", S::w_o, in_out), bias("output_bias", "E", S::b_o)};
  onnx.bias_by_default = true;
  return onnx;
}

}  // namespace

const std::vector<LayoutInfo>& foreign_layout_table() {
  static const std::vector<LayoutInfo> table = {make_gpt2(),  make_bert(), make_llama(),
                                                make_keras(), make_transformer_lens(), make_onnx()};
  return table;
}

}  // namespace attn
