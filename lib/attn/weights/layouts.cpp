#include <attn/weights/layouts.hpp>

#include <algorithm>

namespace attn {
namespace {

using I = Initialisation;
using P = Presence;
using S = Step;

LayoutRow weight(std::string_view name, std::string_view axes, Step feeds, std::string_view fan_in) {
  return {name, axes, {feeds}, Orientation::out_in, Packing::whole, P::always, I::linear_weight, fan_in};
}

LayoutRow bias(std::string_view name, std::string_view axes, Step feeds, std::string_view fan_in) {
  return {name, axes, {feeds}, Orientation::out_in, Packing::whole, P::with_bias, I::linear_bias, fan_in};
}

LayoutRow shared(std::string_view name, Step feeds) {
  return {name,      "D, D",           {feeds}, Orientation::out_in, Packing::shared_by_heads,
          P::always, I::linear_weight, "D"};
}

LayoutInfo make_torch() {
  constexpr auto out_in = Orientation::out_in;
  constexpr auto whole = Packing::whole;
  constexpr auto stacked = Packing::stacked_qkv;
  LayoutInfo torch;
  torch.name = "torch";
  torch.description = "torch.nn.MultiheadAttention: q, k, v packed into one matrix";
  torch.module_name = "nn.MultiheadAttention";
  torch.rows = {
      {"out_proj.weight", "E, E", {S::w_o}, out_in, whole, P::always, I::linear_weight, "E"},
      {"out_proj.bias", "E", {S::b_o}, out_in, whole, P::with_bias, I::drawn_then_zeros, "E"},
      {"in_proj_weight",
       "3*E, E",
       {S::w_q, S::w_k, S::w_v},
       out_in,
       stacked,
       P::equal_widths,
       I::xavier_uniform,
       ""},
      {"q_proj_weight", "E, E", {S::w_q}, out_in, whole, P::different_widths, I::xavier_uniform, ""},
      {"k_proj_weight", "E, Ek", {S::w_k}, out_in, whole, P::different_widths, I::xavier_uniform, ""},
      {"v_proj_weight", "E, Ev", {S::w_v}, out_in, whole, P::different_widths, I::xavier_uniform, ""},
      {"in_proj_bias", "3*E", {S::b_q, S::b_k, S::b_v}, out_in, stacked, P::with_bias, I::zeros, ""},
      {"bias_k", "1, 1, E", {S::bias_k}, out_in, whole, P::with_bias_kv, I::xavier_normal, ""},
      {"bias_v", "1, 1, E", {S::bias_v}, out_in, whole, P::with_bias_kv, I::xavier_normal, ""},
  };
  torch.bias_by_default = true;
  torch.separate_sources = true;
  return torch;
}

LayoutInfo make_d2l() {
  LayoutInfo d2l;
  d2l.name = "d2l";
  d2l.description = "Dive into Deep Learning: four linear maps W_q, W_k, W_v, W_o, without bias";
  d2l.module_name = "MultiHeadAttention";
  d2l.rows = {
      weight("W_q.weight", "H*D, E", S::w_q, "E"),     bias("W_q.bias", "H*D", S::b_q, "E"),
      weight("W_k.weight", "Hk*D, Ek", S::w_k, "Ek"),  bias("W_k.bias", "Hk*D", S::b_k, "Ek"),
      weight("W_v.weight", "Hk*Dv, Ev", S::w_v, "Ev"), bias("W_v.bias", "Hk*Dv", S::b_v, "Ev"),
      weight("W_o.weight", "E, H*Dv", S::w_o, "H*Dv"), bias("W_o.bias", "E", S::b_o, "H*Dv"),
  };
  d2l.grouped_heads = d2l.free_head_size = d2l.separate_sources = true;
  d2l.masked_score = -1e6;
  return d2l;
}

LayoutInfo make_linear() {
  LayoutInfo linear;
  linear.name = "linear";
  linear.description = "a hand-written module of four linear maps Wq, Wk, Wv, fc, with bias";
  linear.module_name = "MultiHeadSelfAttention";
  linear.rows = {
      weight("Wq.weight", "H*D, E", S::w_q, "E"),     bias("Wq.bias", "H*D", S::b_q, "E"),
      weight("Wk.weight", "Hk*D, Ek", S::w_k, "Ek"),  bias("Wk.bias", "Hk*D", S::b_k, "Ek"),
      weight("Wv.weight", "Hk*Dv, Ev", S::w_v, "Ev"), bias("Wv.bias", "Hk*Dv", S::b_v, "Ev"),
      weight("fc.weight", "E, H*Dv", S::w_o, "H*Dv"), bias("fc.bias", "E", S::b_o, "H*Dv"),
  };
  linear.bias_by_default = true;
  linear.grouped_heads = linear.free_head_size = linear.separate_sources = true;
  linear.masked_score = -1e9;
  return linear;
}

LayoutInfo make_shared_head() {
  LayoutInfo shared_head;
  shared_head.name = "shared-head";
  shared_head.description = "the input itself is split into heads; one small map for all of them";
  shared_head.module_name = "SelfAttention";
  shared_head.rows = {
      shared("values.weight", S::w_v),         shared("keys.weight", S::w_k),
      shared("queries.weight", S::w_q),        weight("fc_out.weight", "E, H*D", S::w_o, "H*D"),
      bias("fc_out.bias", "E", S::b_o, "H*D"),
  };
  shared_head.bias_by_default = true;
  shared_head.masked_score = -1e20;
  shared_head.scales_by_d_model = true;
  return shared_head;
}

LayoutInfo make_single_head() {
  LayoutInfo single;
  single.name = "single-head";
  single.description = "three linear maps W_q, W_k, W_v of one head, no output map";
  single.module_name = "SingleHeadAttention";
  single.rows = {
      weight("W_q.weight", "D, E", S::w_q, "E"),    bias("W_q.bias", "D", S::b_q, "E"),
      weight("W_k.weight", "D, Ek", S::w_k, "Ek"),  bias("W_k.bias", "D", S::b_k, "Ek"),
      weight("W_v.weight", "Dv, Ev", S::w_v, "Ev"), bias("W_v.bias", "Dv", S::b_v, "Ev"),
  };
  single.free_head_size = single.separate_sources = single.one_head = true;
  return single;
}

}  // namespace

const std::vector<LayoutInfo>& layout_table() {
  static const std::vector<LayoutInfo> table = {make_torch(), make_d2l(), make_linear(), make_shared_head()};
  return table;
}

const LayoutInfo& single_head_layout() {
  static const LayoutInfo layout = make_single_head();
  return layout;
}

const std::vector<const LayoutInfo*>& all_layouts() {
  static const std::vector<const LayoutInfo*> layouts = [] {
    std::vector<const LayoutInfo*> all;
    for (const auto* table : {&layout_table(), &foreign_layout_table()}) {
      for (const LayoutInfo& layout : *table) all.push_back(&layout);
    }
    all.push_back(&single_head_layout());
    return all;
  }();
  return layouts;
}

const LayoutInfo* find_layout(std::string_view name) {
  for (const LayoutInfo* layout : all_layouts()) {
    if (layout->name == name) return layout;
  }
  return nullptr;
}

bool has_rows(const LayoutInfo& layout, Presence presence) {
  return std::any_of(layout.rows.begin(), layout.rows.end(),
                     [presence](const LayoutRow& row) { return row.presence == presence; });
}

}  // namespace attn
