// A Transformer layer: attention, residual connections, normalisation, feed-forward.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "layer_command.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <limits>
#include <memory>

namespace attn::tools {
namespace {

void add_norm_options(CLI::App& app, LayerCommand& c) {
  const char* group = "Layer";
  static const Choices<NormPlacement> placements = {{"post", NormPlacement::post}, {"pre", NormPlacement::pre}};
  add_choice(app, "--norm", c.placement, placements,
             "Normalise after each residual connection (post, PyTorch's default) or before each sublayer (pre, norm_first=True)")
      ->group(group);
  static const Choices<NormKind> kinds = {{"layer", NormKind::layer}, {"rms", NormKind::rms}};
  add_choice(app, "--norm-type", c.norm.kind, kinds, "LayerNorm or RMSNorm (default layer)")->group(group);
  app.add_option_function<std::string>(
         "--eps",
         [&c](const std::string& text) {
           c.norm.eps = parse_number("--eps", text);
           if (c.norm.eps < 0) throw UsageError("--eps", "expected a number, 0 or more, found '" + text + "'");
         },
         "Added to the variance under the root (default 1e-5)")
      ->type_name("X")
      ->group(group);
  app.add_flag_callback("--unbiased", [&c]() { c.norm.variance = Variance::unbiased; }, "Variance divided by E - 1 instead of E")->group(group);
}

void add_feed_forward_options(CLI::App& app, LayerCommand& c) {
  const char* group = "Layer";
  static const Choices<ActivationChoice> activations = {{"relu", {Activation::relu, false}},
                                                        {"gelu", {Activation::gelu, false}},
                                                        {"gelu-tanh", {Activation::gelu_tanh, false}},
                                                        {"silu", {Activation::silu, false}},
                                                        {"swiglu", {Activation::silu, true}}};
  add_choice(app, "--activation", c.activation, activations, "Between the two maps of the feed-forward (default relu)")->group(group);
  add_count(app, "--ffn-size", c.ffn_size, "F: width of the middle of the feed-forward (default 4·E)")->group(group);
  add_count(app, "--output-width", c.output_width, "Width of the feed-forward's result (default E); another one needs --residual-proj")->group(group);
  app.add_flag("--residual-proj", c.residual_map, "Fresh weights have a linear map on the last residual connection")->group(group);
}

void add_cross_options(CLI::App& app, LayerCommand& c) {
  const char* group = "Masks";
  app.add_option_function<std::string>(
         "--memory-valid-lens",
         [&c](const std::string& text) {
           for (const std::string& part : parse_list("--memory-valid-lens", text)) {
             c.memory_valid_lens.push_back(parse_whole("--memory-valid-lens", part, 0, std::numeric_limits<std::ptrdiff_t>::max() / 4));
           }
         },
         "Valid positions of each sample of the memory")
      ->type_name("N,N,…")
      ->group(group);
  c.tensors.add("--memory-mask", "Mask of the cross-attention, as --mask", group);
}

void add_rope_options(CLI::App& app, LayerCommand& c) {
  static const Choices<RotaryPairing> pairings = {{"half", RotaryPairing::half_split}, {"interleaved", RotaryPairing::interleaved}};
  add_choice(app, "--rope", c.rope, pairings, "Rotary positions in self-attention: which two coordinates make a pair (default none)")->group("Layer");
  app.add_option_function<std::string>(
         "--rope-base",
         [&c](const std::string& text) {
           c.rope_base = parse_number("--rope-base", text);
           if (c.rope_base <= 0) throw UsageError("--rope-base", "expected a number above 0, found '" + text + "'");
         },
         "Base of the rotary frequencies (default 10000)")
      ->type_name("X")
      ->group("Layer");
}

}  // namespace

std::shared_ptr<LayerCommand> add_layer(CLI::App& app, Purpose purpose) {
  auto command = std::make_shared<LayerCommand>(app, purpose);
  static const Choices<bool> kinds = {{"encoder", false}, {"decoder", true}};
  add_choice(app, "--kind", command->decoder, kinds, "An encoder layer, or a decoder layer, which also attends to --memory (default encoder)")
      ->group("Layer");
  Choices<const LayoutInfo*> layouts;
  for (const LayoutInfo& layout : layout_table()) layouts.emplace_back(std::string(layout.name), &layout);
  add_choice(app, "--layout", command->layout, layouts,
             "Layout of the attentions, under self_attn. and multihead_attn.; the rest is named as in PyTorch's layers (default torch)")
      ->group("Weights");
  add_norm_options(app, *command);
  add_feed_forward_options(app, *command);
  add_cross_options(app, *command);
  add_rope_options(app, *command);
  add_size_options(app, command->sizes, {"--batch", "--len", "--query-len", "--key-len", "--d-model", "--heads", "--kv-heads", "--head-dim", "--value-dim"});
  return command;
}

Run setup_layer(CLI::App& app, Purpose purpose) {
  const std::shared_ptr<LayerCommand> command = add_layer(app, purpose);
  return [command]() { return run_layer(*command); };
}

}  // namespace attn::tools
