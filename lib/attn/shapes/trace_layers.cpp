// The layers of a Transformer as PyTorch 1.13 computes them: post-norm, self-attention inside.
#include <attn/shapes/trace.hpp>

#include <utility>

namespace attn::shapes {
namespace {

/// Enters "name." for the rows made while it lives.
class Scope {
 public:
  Scope(Tracer& tracer, const std::string& name) : tracer_(tracer), outer_(tracer.prefix()) {
    tracer_.enter(outer_ + name + ".");
  }
  ~Scope() { tracer_.enter(outer_); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Tracer& tracer_;
  std::string outer_;
};

/// What all layers of one module share.
struct Stack {
  Tracer& t;
  const ModuleConfig& m;
  Legend l;  ///< of the tensor that goes through this stack: Lq is its length
  bool unbatched;
};

ModuleConfig attention_config(const ModuleConfig& m) {
  ModuleConfig config = m;
  config.bias_kv = config.zero_attn = false;
  return config;
}

/// One attention inside a layer: to sequence-first and back, as the module's own forward does.
Axes attention(const Stack& s, const std::string& name, const Axes& x, const Axes* memory) {
  const Scope scope(s.t, name);
  const auto turned = [&](StepName step, const Axes& axes) {
    if (s.unbatched) return s.t.view(step, axes, {axes[0], {"1", 1}, axes[1]}, "unsqueeze");
    return s.m.batch_first ? s.t.transpose(step, axes, 0, 1, "sequence_first") : axes;
  };
  Legend l = s.l;
  TorchSources sources;
  sources.query = turned(Step::x, x);
  sources.key_is_query = memory == nullptr;
  sources.value_is_key = true;
  sources.key = sources.value = memory != nullptr ? turned(Step::memory, *memory) : sources.query;
  l.Lk = sources.key[0];
  const Axes out = trace_torch_attention(s.t, attention_config(s.m), l, sources, s.unbatched);
  if (s.unbatched) return s.t.view(Step::output, out, {l.Lq, l.E}, "squeeze");
  return s.m.batch_first ? s.t.transpose(Step::output, out, 0, 1, "batch_first_back") : out;
}

Axes residual_and_norm(const Stack& s, const Axes& x) {
  const Axes sum = s.t.each(Step::residual, "x + sublayer(x)", x, 1);
  return s.t.each(Step::norm, "layer_norm(E)", sum, 8, {}, product({2, s.l.E.size}));
}

Axes feed_forward(const Stack& s, const Axes& x) {
  const Axes wide = s.t.linear(Step::ffn_hidden, x, s.l.F, true, "ffn_wide");
  const Axes active = s.t.each(Step::ffn_hidden, "relu", wide, 1, "ffn_relu");
  const Axes out = s.t.linear(Step::ffn_output, active, s.l.E, true);
  return residual_and_norm(s, out);
}

Axes encoder_layer(const Stack& s, const Axes& x) {
  const Axes attended = attention(s, "self", x, nullptr);
  return feed_forward(s, residual_and_norm(s, attended));
}

Axes decoder_layer(const Stack& s, const Axes& x, const Axes& memory) {
  const Axes attended = residual_and_norm(s, attention(s, "self", x, nullptr));
  const Axes crossed = residual_and_norm(s, attention(s, "cross", attended, &memory));
  return feed_forward(s, crossed);
}

/// [B, L, E], [L, B, E] or [L, E]; without the last axis for token numbers.
Axes input_axes(const Stack& s, const Axis& length, bool tokens) {
  Axes axes = {length};
  if (!s.unbatched) axes.insert(s.m.batch_first ? axes.begin() : axes.end(), s.l.B);
  if (!tokens) axes.push_back(s.l.E);
  return axes;
}

Axes source(const Stack& s, StepName step, const Axis& length) {
  if (s.m.vocabulary == 0) return s.t.input(step, input_axes(s, length, false));
  const Axes tokens = s.t.input("tokens", input_axes(s, length, true));
  return s.t.embedding(step, tokens, s.l.V, s.l.E, "embedding");
}

/// The first layer row by row, the others as one row that stands for them.
template <class Layer>
Axes stack(const Stack& s, const std::string& name, std::size_t count, Axes x, Layer layer) {
  if (count == 0) return x;
  const std::size_t first = s.t.row_count();
  {
    const Scope scope(s.t, name + ".0");
    x = layer(x);
  }
  const std::size_t last = s.t.row_count();
  if (count > 1) {
    const std::string others = count == 2 ? name + ".1" : name + ".1 … " + name + "." + std::to_string(count - 1);
    s.t.repeat_rows(others, first, last, count - 1, "more_layers");
  }
  const Scope scope(s.t, name);
  return s.t.each(Step::norm, "layer_norm(E)", x, 8, {}, product({2, s.l.E.size}));
}

void transformer(const Stack& decoder) {
  Stack encoder = decoder;
  encoder.l.Lq = decoder.l.Lk;
  Axes memory = source(encoder, Step::memory, encoder.l.Lq);
  memory = stack(encoder, "encoder", encoder.m.encoder_layers, memory,
                 [&](const Axes& x) { return encoder_layer(encoder, x); });
  Axes x = source(decoder, Step::x, decoder.l.Lq);
  x = stack(decoder, "decoder", decoder.m.decoder_layers, x,
            [&](const Axes& y) { return decoder_layer(decoder, y, memory); });
  if (decoder.m.vocabulary > 0) decoder.t.linear(Step::logits, x, decoder.l.V, true);
}

}  // namespace

void trace_layers(Tracer& t, const ModuleConfig& m, const ModuleCall& call) {
  const std::size_t rank = call.query.size() + (m.vocabulary > 0 ? 1 : 0);
  const Stack s{t, m, legend_of(m, call), rank == 2};
  if (m.impl == Impl::transformer) return transformer(s);
  const Axes x = t.input(Step::x, input_axes(s, s.l.Lq, false), s.unbatched ? "x_unbatched" : m.batch_first ? "" : "x_sequence_first");
  if (m.impl == Impl::encoder_layer) {
    encoder_layer(s, x);
    return;
  }
  const Axes memory = t.input(Step::memory, input_axes(s, s.l.Lk, false));
  decoder_layer(s, x, memory);
}

}  // namespace attn::shapes
