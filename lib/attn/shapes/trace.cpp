#include <attn/shapes/trace.hpp>

namespace attn::shapes {
namespace {

using Text = std::string_view;

/// [B·H, L, D] from [L, B, H·D]: what PyTorch does with each of q, k and v.
Axes fold_heads(Tracer& t, const Legend& l, StepName step, const Axes& x) {
  const Axes viewed = t.view(step, x, {x[0], l.B * l.H, l.D}, "fold_heads_view");
  return t.transpose(step, viewed, 0, 1, "fold_heads_transpose");
}

struct Projections {
  Axes q, k, v;
};

/// The same tensor, its positions counted by another letter: in self-attention Lk is Lq, but a reader wants
/// to see which axis of the scores belongs to the keys.
Axes counted_by(Axes axes, std::size_t axis, const Axis& letter) {
  axes[axis] = letter;
  return axes;
}

Projections packed_projection(Tracer& t, const ModuleConfig& m, const Legend& l, const TorchSources& s,
                              bool unbatched) {
  // Without a batch axis PyTorch unsqueezes each argument on its own, and no longer sees that they are one.
  if (s.key_is_query && s.value_is_key && !unbatched) {
    const Axes all = t.linear("in_proj", s.query, 3 * l.E, m.bias, "in_proj_packed");
    const Axes q = t.chunk(Step::q_proj, all, 3, l.E, "chunk");
    const Axes keys = counted_by(all, 0, s.key[0]);
    const Axes k = t.chunk(Step::k_proj, keys, 3, l.E, "chunk");
    return {q, k, t.chunk(Step::v_proj, keys, 3, l.E, "chunk")};
  }
  const Axes q = t.linear(Step::q_proj, s.query, l.E, m.bias);
  if (s.value_is_key && !unbatched) {
    const Axes both = t.linear("kv_proj", s.key, 2 * l.E, m.bias, "kv_proj_packed");
    const Axes k = t.chunk(Step::k_proj, both, 2, l.E, "chunk");
    return {q, k, t.chunk(Step::v_proj, both, 2, l.E, "chunk")};
  }
  const Axes k = t.linear(Step::k_proj, s.key, l.E, m.bias);
  return {q, k, t.linear(Step::v_proj, s.value, l.E, m.bias)};
}

Projections separate_projection(Tracer& t, const ModuleConfig& m, const Legend& l, const TorchSources& s) {
  const Axes q = t.linear(Step::q_proj, s.query, l.E, m.bias);
  const Axes k = t.linear(Step::k_proj, s.key, l.E, m.bias, "k_proj_width");
  return {q, k, t.linear(Step::v_proj, s.value, l.E, m.bias, "v_proj_width")};
}

Axes merge_torch(Tracer& t, const ModuleConfig& m, const Legend& l, const Axes& heads) {
  const Axes back = t.transpose(Step::merged, heads, 0, 1, "merge_transpose");
  const Axes merged = t.view(Step::merged, back, {l.Lq * l.B, l.E}, "merge_view", true);
  const Axes mapped = t.linear(Step::output, merged, l.E, m.bias, "out_proj");
  return t.view(Step::output, mapped, {l.Lq, l.B, l.E}, "output_view");
}

void trace_torch(Tracer& t, const ModuleConfig& m, const ModuleCall& given, const ModuleCall& call) {
  const Legend l = legend_of(m, call);
  const bool unbatched = call.query.size() == 2;
  const bool transposed = !unbatched && m.batch_first;
  const auto source = [&](StepName step, const Axis& length, const Axis& width, Text reason) {
    Axes axes = unbatched       ? Axes{length, width}
                : m.batch_first ? Axes{l.B, length, width}
                                : Axes{length, l.B, width};
    axes = t.input(step, std::move(axes), reason);
    if (unbatched) return t.view(step, axes, {length, {"1", 1}, width}, "unsqueeze");
    return transposed ? t.transpose(step, axes, 0, 1, "sequence_first") : axes;
  };
  TorchSources s;
  s.key_is_query = given.key.empty();
  s.value_is_key = given.value.empty();
  s.need_weights = true;
  s.query = source(Step::x, l.Lq, l.E, unbatched ? "x_unbatched" : m.batch_first ? "" : "x_sequence_first");
  s.key = s.key_is_query ? counted_by(s.query, 0, l.Lk) : source(Step::memory, l.Lk, l.Ek, {});
  s.value = s.value_is_key ? s.key : source(Step::memory_value, l.Lk, l.Ev, {});
  const Axes out = trace_torch_attention(t, m, l, s, unbatched);
  if (unbatched) t.view(Step::output, out, {l.Lq, l.E}, "squeeze");
  if (transposed) t.transpose(Step::output, out, 0, 1, "batch_first_back");
}

/// [B, H, L, D] from [B, L, H·D].
Axes split_heads(Tracer& t, StepName step, const Axes& x, const Axis& heads, const Axis& size) {
  const Axes viewed = t.view(step, x, {x[0], x[1], heads, size}, "split_view");
  return t.transpose(step, viewed, 1, 2, "split_transpose");
}

/// As many heads as there are query heads: [B, H, L, D] from [B, Hk, L, D].
Axes repeat_kv(Tracer& t, const Legend& l, StepName step, const Axes& x) {
  const std::size_t heads = x[1].size;
  if (heads == l.H.size) return x;
  return t.repeat(step, x, 1, l.H.size / heads, l.H, "repeat_kv");
}

/// scores, weights and heads of [B, H, L, D] tensors, or of any with equal leading axes.
Axes attend(Tracer& t, const Axes& q, const Axes& k, const Axes& v, bool folded) {
  const Axes turned = t.transpose(Step::k, k, k.size() - 2, k.size() - 1, "k_transpose");
  const Axes raw = t.matmul(Step::scores_raw, "q · kᵀ", q, turned, folded ? "scores_folded" : "scores");
  const Axes scaled = t.each(Step::scores_scaled, "÷ √D", raw, 1, "scale");
  const Axes weights = t.each(Step::weights, "softmax(last axis)", scaled, 5);
  return t.matmul(Step::heads, "weights · v", weights, v);
}

void trace_d2l(Tracer& t, const ModuleConfig& m, const ModuleCall& given, const ModuleCall& call) {
  const Legend l = legend_of(m, call);
  const Axes x = t.input(Step::x, {l.B, l.Lq, l.E});
  const Axes memory = given.key.empty() ? counted_by(x, 1, l.Lk) : t.input(Step::memory, {l.B, l.Lk, l.Ek});
  const Axes source = given.value.empty() ? memory : t.input(Step::memory_value, {l.B, l.Lk, l.Ev});
  const auto folded = [&](StepName step, const Axes& projected, const Axis& heads, const Axis& size) {
    const Axes split = repeat_kv(t, l, step, split_heads(t, step, projected, heads, size));
    return t.view(step, split, {l.B * l.H, split[2], size}, "fold_batch", true);
  };
  const Axes q = folded(Step::q, t.linear(Step::q_proj, x, l.H * l.D, m.bias), l.H, l.D);
  const Axes k = folded(Step::k, t.linear(Step::k_proj, memory, l.Hk * l.D, m.bias), l.Hk, l.D);
  const Axes v = folded(Step::v, t.linear(Step::v_proj, source, l.Hk * l.Dv, m.bias), l.Hk, l.Dv);
  const Axes heads = attend(t, q, k, v, true);
  const Axes unfolded = t.view(Step::heads, heads, {l.B, l.H, l.Lq, l.Dv}, "unfold_batch");
  const Axes back = t.transpose(Step::merged, unfolded, 1, 2, "merge_transpose_heads");
  const Axes merged = t.view(Step::merged, back, {l.B, l.Lq, l.H * l.Dv}, "merge_heads", true);
  t.linear(Step::output, merged, l.E, m.bias, "out_proj");
}

void trace_linear(Tracer& t, const ModuleConfig& m, const ModuleCall& given, const ModuleCall& call) {
  const Legend l = legend_of(m, call);
  const Axes x = t.input(Step::x, {l.B, l.Lq, l.E});
  const Axes memory = given.key.empty() ? counted_by(x, 1, l.Lk) : t.input(Step::memory, {l.B, l.Lk, l.Ek});
  const Axes source = given.value.empty() ? memory : t.input(Step::memory_value, {l.B, l.Lk, l.Ev});
  const Axes q_proj = t.linear(Step::q_proj, x, l.H * l.D, m.bias);
  const Axes k_proj = t.linear(Step::k_proj, memory, l.Hk * l.D, m.bias);
  const Axes v_proj = t.linear(Step::v_proj, source, l.Hk * l.Dv, m.bias);
  const Axes q = split_heads(t, Step::q, q_proj, l.H, l.D);
  const Axes k = repeat_kv(t, l, Step::k, split_heads(t, Step::k, k_proj, l.Hk, l.D));
  const Axes v = repeat_kv(t, l, Step::v, split_heads(t, Step::v, v_proj, l.Hk, l.Dv));
  const Axes heads = attend(t, q, k, v, false);
  const Axes back = t.transpose(Step::merged, heads, 1, 2, "merge_transpose_heads");
  const Axes merged = t.view(Step::merged, back, {l.B, l.Lq, l.H * l.Dv}, "merge_heads", true);
  t.linear(Step::output, merged, l.E, m.bias, "out_proj");
}

void trace_shared_head(Tracer& t, const ModuleConfig& m, const ModuleCall& given, const ModuleCall& call) {
  const Legend l = legend_of(m, call);
  const Axes x = t.input(Step::x, {l.B, l.Lq, l.E});
  const Axes memory = given.key.empty() ? counted_by(x, 1, l.Lk) : t.input(Step::memory, {l.B, l.Lk, l.E});
  const Axes source = given.value.empty() ? memory : t.input(Step::memory_value, {l.B, l.Lk, l.E});
  const auto head = [&](StepName step, StepName projected, const Axes& from) {
    const Axes parts = t.view(step, from, {l.B, from[1], l.H, l.D}, "shared_split");
    const Axes mapped = t.linear(projected, parts, l.D, false, "shared_linear");
    return t.transpose(step, mapped, 1, 2, "split_transpose");
  };
  const Axes v = head(Step::v, Step::v_proj, source);
  const Axes k = head(Step::k, Step::k_proj, memory);
  const Axes q = head(Step::q, Step::q_proj, x);
  const Axes turned = t.transpose(Step::k, k, 2, 3, "k_transpose");
  const Axes raw = t.matmul(Step::scores_raw, "q · kᵀ", q, turned, "scores");
  const Axes scaled = t.each(Step::scores_scaled, "÷ √E", raw, 1, "scale_by_d_model");
  const Axes weights = t.each(Step::weights, "softmax(last axis)", scaled, 5);
  const Axes heads = t.matmul(Step::heads, "weights · v", weights, v);
  const Axes back = t.transpose(Step::merged, heads, 1, 2, "merge_transpose_heads");
  const Axes merged = t.view(Step::merged, back, {l.B, l.Lq, l.H * l.D}, "merge_heads", true);
  t.linear(Step::output, merged, l.E, true, "out_proj");
}

void trace_sdpa(Tracer& t, const ModuleConfig& m, const ModuleCall& call) {
  const Legend l = legend_of(m, call);
  const auto input = [&](StepName step, const Axis& heads, const Axis& length, const Axis& size, Text reason) {
    Axes axes = {length, size};
    if (call.query.size() == 4) axes.insert(axes.begin(), heads);
    if (call.query.size() >= 3) axes.insert(axes.begin(), l.B);
    return t.input(step, std::move(axes), reason);
  };
  const Axes q = input(Step::q, l.H, l.Lq, l.D, "sdpa_q");
  Axes k = input(Step::k, l.Hk, l.Lk, l.D, "sdpa_k");
  Axes v = input(Step::v, l.Hk, l.Lk, l.Dv, "sdpa_v");
  if (call.query.size() == 4) {
    k = repeat_kv(t, l, Step::k, k);
    v = repeat_kv(t, l, Step::v, v);
  }
  const Axes heads = attend(t, q, k, v, false);
  t.each(Step::output, "return", heads, 0, "sdpa_output");
}

}  // namespace

Legend legend_of(const ModuleConfig& config, const ModuleCall& call) {
  const Sizes s = letters_of(config, call);
  return {{"B", s.batch},   {"H", s.heads},   {"Hk", s.kv_heads},    {"Lq", s.query_len},
          {"Lk", s.key_len}, {"E", s.d_model}, {"Ek", s.key_width},   {"Ev", s.value_width},
          {"D", s.head_dim}, {"Dv", s.value_dim}, {"F", config.ffn}, {"V", config.vocabulary}};
}

Axes trace_torch_attention(Tracer& t, const ModuleConfig& m, const Legend& legend, const TorchSources& s,
                           bool unbatched) {
  Legend l = legend;
  if (unbatched) l.B = {"1", 1};
  const bool equal_widths = m.key_width == m.d_model && m.value_width == m.d_model;
  Projections p = equal_widths ? packed_projection(t, m, l, s, unbatched) : separate_projection(t, m, l, s);
  if (m.bias_kv) {
    p.k = t.append(Step::k_proj, p.k, 0, 1, l.E.size, "bias_kv");
    p.v = t.append(Step::v_proj, p.v, 0, 1, l.E.size, "bias_kv");
  }
  const Axes q = fold_heads(t, l, Step::q, p.q);
  Axes k = fold_heads(t, l, Step::k, p.k);
  Axes v = fold_heads(t, l, Step::v, p.v);
  if (m.zero_attn) {
    k = t.append(Step::k, k, 1, 1, 0, "zero_attn");
    v = t.append(Step::v, v, 1, 1, 0, "zero_attn");
  }
  const Axes scaled_q = t.each(Step::q, "÷ √D", q, 1, "scale_q");
  const Axes turned = t.transpose(Step::k, k, 1, 2, "k_transpose");
  const Axes scores = t.matmul(Step::scores_scaled, "q · kᵀ", scaled_q, turned, "scores_folded");
  const Axes weights = t.each(Step::weights, "softmax(last axis)", scores, 5);
  const Axes heads = t.matmul(Step::heads, "weights · v", weights, v, "heads_folded");
  if (s.need_weights) {
    const Axes by_head = t.view(Step::weights, weights, {l.B, l.H, l.Lq, weights[2]}, "weights_view");
    const Axes averaged = t.mean_over(Step::weights_averaged, by_head, 1, "weights_average");
    if (unbatched) t.view(Step::weights_averaged, averaged, {averaged[1], averaged[2]}, "squeeze");
  }
  return merge_torch(t, m, l, heads);
}

ShapeTrace trace_shapes(const ModuleConfig& given_config, const ModuleCall& given) {
  const ModuleConfig config = with_defaults(given_config);
  const ModuleCall call = with_defaults(given);
  Tracer tracer(config.element_bytes);
  switch (config.impl) {
    case Impl::torch:
      trace_torch(tracer, config, given, call);
      break;
    case Impl::d2l:
      trace_d2l(tracer, config, given, call);
      break;
    case Impl::linear:
      trace_linear(tracer, config, given, call);
      break;
    case Impl::shared_head:
      trace_shared_head(tracer, config, given, call);
      break;
    case Impl::sdpa:
      trace_sdpa(tracer, config, call);
      break;
    case Impl::encoder_layer:
    case Impl::decoder_layer:
    case Impl::transformer:
      trace_layers(tracer, config, call);
      break;
  }
  return tracer.take();
}

}  // namespace attn::shapes
