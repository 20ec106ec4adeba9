#include "module_options.hpp"

#include "../common/choices.hpp"
#include "report.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>

namespace attn::tools {
namespace {

using shapes::Impl;

Choices<Impl> impl_choices() {
  Choices<Impl> choices;
  for (const shapes::ImplRow& row : shapes::impl_table()) choices.emplace_back(std::string(row.name), row.impl);
  return choices;
}

std::string impl_help() {
  std::string help = "Implementation (default torch):";
  for (const shapes::ImplRow& row : shapes::impl_table()) {
    help += "\n  " + std::string(row.name) + ": " + std::string(row.python) + ", " + std::string(row.description);
  }
  return help;
}

bool is_layer(Impl impl) {
  return impl == Impl::encoder_layer || impl == Impl::decoder_layer || impl == Impl::transformer;
}

bool is_torch(Impl impl) { return impl == Impl::torch || is_layer(impl); }

/// An option that this implementation has no use for is refused rather than ignored.
void require_use(bool given, bool useful, const char* option, Impl impl) {
  if (given && !useful) {
    throw UsageError(option, "has no meaning for --impl " + std::string(shapes::impl_row(impl).name));
  }
}

void check_use(const ModuleOptions& o) {
  const bool heads_free = o.impl == Impl::d2l || o.impl == Impl::linear;
  const bool sdpa = o.impl == Impl::sdpa;
  require_use(o.sizes.kv_heads.has_value(), heads_free || sdpa || o.impl == Impl::torch, "--kv-heads", o.impl);
  require_use(o.sizes.head_dim.has_value(), heads_free || sdpa, "--head-dim", o.impl);
  require_use(o.sizes.value_dim.has_value(), heads_free || sdpa, "--value-dim", o.impl);
  require_use(o.sizes.d_model.has_value(), !sdpa, "--d-model", o.impl);
  require_use(o.key_width.has_value(), heads_free || o.impl == Impl::torch, "--kdim", o.impl);
  require_use(o.value_width.has_value(), heads_free || o.impl == Impl::torch, "--vdim", o.impl);
  require_use(o.bias.has_value(), heads_free || o.impl == Impl::torch, o.bias && !*o.bias ? "--no-bias" : "--bias", o.impl);
  require_use(o.bias_kv, o.impl == Impl::torch, "--bias-kv", o.impl);
  require_use(o.zero_attn, o.impl == Impl::torch, "--add-zero-attn", o.impl);
  require_use(o.ffn.has_value(), is_layer(o.impl), "--ffn", o.impl);
  require_use(o.layers.has_value(), o.impl == Impl::transformer, "--layers", o.impl);
  require_use(o.vocabulary.has_value(), o.impl == Impl::transformer, "--vocab", o.impl);
  require_use(!o.batch_first, is_torch(o.impl), "--seq-first", o.impl);
  require_use(o.unbatched, is_torch(o.impl) || sdpa, "--unbatched", o.impl);
  if (o.unbatched && o.sizes.batch) throw UsageError("--unbatched", "contradicts --batch " + std::to_string(*o.sizes.batch));
  if (o.impl != Impl::sdpa && o.sizes.d_model && !o.sizes.heads) {
    throw UsageError("--heads", "is missing: the number of heads does not follow from --d-model");
  }
}

shapes::ModuleConfig config_of(const ModuleOptions& o) {
  shapes::ModuleConfig config;
  config.impl = o.impl;
  config.heads = o.sizes.heads.value_or(5);
  config.d_model = o.sizes.d_model.value_or(20 * config.heads);
  config.kv_heads = o.sizes.kv_heads.value_or(0);
  config.head_dim = o.sizes.head_dim.value_or(0);
  config.value_dim = o.sizes.value_dim.value_or(0);
  config.key_width = o.key_width.value_or(0);
  config.value_width = o.value_width.value_or(0);
  config.ffn = o.ffn.value_or(2048);
  config.encoder_layers = config.decoder_layers = o.layers.value_or(6);
  config.vocabulary = o.vocabulary.value_or(0);
  config.element_bytes = size_of(o.dtype);
  config.bias = o.bias.value_or(o.impl != Impl::d2l);
  config.bias_kv = o.bias_kv;
  config.zero_attn = o.zero_attn;
  config.batch_first = o.batch_first;
  return config;
}

Shape sdpa_shape(const ModuleOptions& o, std::size_t heads, std::size_t length, std::size_t size) {
  if (o.unbatched) return {length, size};
  return {o.sizes.batch.value_or(2), heads, length, size};
}

shapes::ModuleCall sdpa_call(const ModuleOptions& o, std::size_t query_len, std::size_t key_len) {
  const std::size_t heads = o.sizes.heads.value_or(5), kv_heads = o.sizes.kv_heads.value_or(heads);
  const std::size_t size = o.sizes.head_dim.value_or(20), value_size = o.sizes.value_dim.value_or(size);
  return {sdpa_shape(o, heads, query_len, size), sdpa_shape(o, kv_heads, key_len, size),
          sdpa_shape(o, kv_heads, key_len, value_size), {}, {}};
}

Shape input_shape(const ModuleOptions& o, std::size_t length, std::size_t width) {
  Shape shape = {length};
  if (!o.unbatched) shape.insert(o.batch_first ? shape.begin() : shape.end(), o.sizes.batch.value_or(2));
  if (!o.vocabulary) shape.push_back(width);
  return shape;
}

}  // namespace

void add_module_options(CLI::App& app, ModuleOptions& o) {
  add_choice(app, "--impl", o.impl, impl_choices(), impl_help())->group("Options");
  add_size_options(app, o.sizes, {"--batch", "--len", "--query-len", "--key-len", "--d-model", "--heads", "--kv-heads", "--head-dim", "--value-dim"});
  add_count(app, "--kdim", o.key_width, "Ek: width of the source of keys (default E)")->group("Sizes");
  add_count(app, "--vdim", o.value_width, "Ev: width of the source of values (default E)")->group("Sizes");
  add_count(app, "--ffn", o.ffn, "F: width of the feed-forward part of a layer (default 2048)")->group("Sizes");
  add_count(app, "--layers", o.layers, "Layers of the encoder and of the decoder (default 6)")->group("Sizes");
  add_count(app, "--vocab", o.vocabulary, "V: a transformer with embeddings before it and logits after it")->group("Sizes");
  add_switch(app, "Options", {"--batch-first", "Inputs are (B, L, E) (default here; PyTorch's is sequence first)"},
             {"--seq-first", "Inputs are (L, B, E), as PyTorch's modules without batch_first=True"}, [&o](bool first) { o.batch_first = first; });
  app.add_flag("--unbatched", o.unbatched, "Inputs have no batch axis")->group("Options");
  add_switch(app, "Options", {"--bias", "Linear maps have biases (default, except d2l)"}, {"--no-bias", "Linear maps have no biases"},
             [&o](bool bias) { o.bias = bias; });
  app.add_flag("--bias-kv", o.bias_kv, "A learned key and value are appended (PyTorch's add_bias_kv)")->group("Options");
  app.add_flag("--add-zero-attn", o.zero_attn, "A key and a value of zeros are appended")->group("Options");
  Choices<DType> types;
  for (const DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) types.emplace_back(name_of(dtype), dtype);
  add_choice(app, "--dtype", o.dtype, types, "Type that bytes are counted in (default float32: nothing is computed here, and PyTorch's modules have it)")
      ->group("Options");
}

ModuleRun module_run(const ModuleOptions& o) {
  check_use(o);
  ModuleRun run{config_of(o), {}};
  const std::size_t query_len = o.sizes.query_len.value_or(o.sizes.len.value_or(4));
  const bool needs_memory = o.impl == Impl::decoder_layer || o.impl == Impl::transformer;
  const bool cross = o.sizes.key_len || o.key_width || o.value_width || needs_memory;
  const std::size_t key_len = o.sizes.key_len.value_or(o.sizes.len.value_or(needs_memory ? 6 : query_len));
  require_use(o.sizes.key_len.has_value(), o.impl != Impl::encoder_layer, "--key-len", o.impl);
  if (o.impl == Impl::sdpa) {
    run.call = sdpa_call(o, query_len, key_len);
    return run;
  }
  run.call.query = input_shape(o, query_len, run.config.d_model);
  if (cross) run.call.key = input_shape(o, key_len, o.key_width.value_or(run.config.d_model));
  if (o.value_width || o.key_width) run.call.value = input_shape(o, key_len, o.value_width.value_or(run.config.d_model));
  return run;
}

void require_consistent(const ModuleRun& run, lessons::Language language) {
  const auto findings = shapes::find_contradictions(run.config, run.call);
  if (findings.empty()) return;
  const shapes::Finding& first = findings.front();
  throw UsageError("", say(language, "rule." + first.rule, first.values) + " " + say(language, "repair." + first.rule, first.values));
}

lessons::Placeholders letters_for(const ModuleRun& run) {
  const Sizes sizes = shapes::letters_of(run.config, run.call);
  lessons::Placeholders values;
  for (const Letter& letter : letters()) values[std::string(letter.name)] = std::to_string(sizes.*letter.size);
  values["F"] = std::to_string(run.config.ffn);
  values["V"] = std::to_string(run.config.vocabulary);
  return values;
}

}  // namespace attn::tools
