#include "layer_command.hpp"

#include "gradient_report.hpp"
#include "recipe_layer.hpp"
#include "layer_report.hpp"
#include "module_weights.hpp"

#include <attn/error.hpp>
#include <attn/verify/layer_problem.hpp>

#include <fmt/format.h>

#include <utility>

namespace attn::tools {
namespace {

void check_layer_options(const LayerCommand& c) {
  check_score_options(c.scores, c.tensors, !c.memory_valid_lens.empty());
  check_verify(c);
  if (c.scores.dropout > 0) throw UsageError("--dropout", "has no place in a layer, which is shown as it runs outside training");
  if (!c.decoder && c.tensors.has("--memory")) throw UsageError("--memory", "is for --kind decoder; an encoder layer has no memory");
  if (!c.decoder && (c.tensors.has("--memory-mask") || !c.memory_valid_lens.empty())) {
    throw UsageError(c.tensors.has("--memory-mask") ? "--memory-mask" : "--memory-valid-lens", "needs --kind decoder");
  }
  if (c.norm.kind == NormKind::rms && c.norm.variance == Variance::unbiased) {
    throw UsageError("--unbiased", "is about a variance, and --norm-type rms computes none");
  }
  if (!c.rope && c.rope_base != 10000) throw UsageError("--rope-base", "has no effect without --rope");
}

// The input and the memory have the layer's width; that of the memory is the same, as in PyTorch.
Shape with_batch(const TensorArgument& source, std::size_t width) {
  Shape shape = source.shape();
  if (shape.size() == 2) shape.insert(shape.begin(), 1);
  if (shape.size() != 3) {
    throw ShapeError(source.option + " " + source.text, "expected rank 3 (B, L, E) or 2 (L, E), found shape " + to_string(source.shape()));
  }
  if (shape[2] != width) {
    throw ShapeError(source.option, fmt::format("has rows of width {}, but the weights expect d_model = {}", shape[2], width));
  }
  return shape;
}

LayerShape shape_from_options(const LayerCommand& c) {
  const TensorArgument* input = c.tensors.find("--input");
  if (!c.layout->one_head && !c.sizes.heads && (c.sizes.d_model || input)) {
    throw UsageError("--heads", "is missing: the number of heads cannot be read from an input or a width");
  }
  LayerShape shape;
  const std::size_t width = input && !input->shape().empty() ? input->shape().back() : 0;
  if (width > 0) require_agreement("--d-model", c.sizes.d_model, width, "--input");
  shape.attention.d_model = width > 0 ? width : c.sizes.d_model.value_or(8);
  shape.attention.heads = c.sizes.heads.value_or(2);
  shape.attention.kv_heads = c.sizes.kv_heads.value_or(0);
  shape.attention.head_dim = c.sizes.head_dim.value_or(0);
  shape.attention.value_dim = c.sizes.value_dim.value_or(0);
  shape.attention.bias = c.bias;
  shape.decoder = c.decoder;
  shape.ffn_width = c.ffn_size.value_or(0);
  shape.output_width = c.output_width.value_or(0);
  shape.residual_map = c.residual_map;
  shape.gated = c.activation.gated;
  shape.norm_shift = c.norm.kind == NormKind::layer;
  shape.norm_first = c.placement == NormPlacement::pre;
  if (c.output_width && *c.output_width != shape.attention.d_model && !c.residual_map) {
    throw UsageError("--output-width", fmt::format("rows of width {} cannot be added to rows of width {}; add --residual-proj, a linear map on the residual connection",
                                                   *c.output_width, shape.attention.d_model));
  }
  return resolved(*c.layout, shape);
}

// Sizes and parts that were asked for must be those that the file has.
void require_agreement_with(const LayerShape& shape, const LayerCommand& c, const std::string& where) {
  if (c.bias) throw UsageError(*c.bias ? "--bias" : "--no-bias", "is for fresh weights, not for " + where);
  if (c.residual_map && !shape.residual_map) throw UsageError("--residual-proj", "is for fresh weights; " + where + " has none");
  require_agreement("--d-model", c.sizes.d_model, shape.attention.d_model, where);
  require_agreement("--kv-heads", c.sizes.kv_heads, shape.attention.kv_heads, where);
  require_agreement("--head-dim", c.sizes.head_dim, shape.attention.head_dim, where);
  require_agreement("--value-dim", c.sizes.value_dim, shape.attention.value_dim, where);
  require_agreement("--ffn-size", c.ffn_size, shape.ffn_width, where);
  require_agreement("--output-width", c.output_width, shape.output_width, where);
  const auto refuse = [&](const std::string& option, const char* problem) { throw UsageError(option, where + std::string(problem)); };
  if (shape.decoder != c.decoder) refuse("--kind", shape.decoder ? " has cross-attention: it is a decoder layer" : " has no cross-attention: it is an encoder layer");
  if (shape.gated && !c.activation.gated) refuse("--activation", " has a gate (linear_gate.weight), which needs swiglu");
  if (!shape.gated && c.activation.gated) refuse("--activation", " has no gate (linear_gate.weight), which swiglu needs");
  if (shape.norm_shift && c.norm.kind == NormKind::rms) refuse("--norm-type", " has shifts (norm1.bias), which RMSNorm does not");
}

template <class T>
struct ReadLayer {
  std::vector<NamedTensor<T>> tensors;
  LayerShape shape;
};

template <class T>
ReadLayer<T> read_layer(LayerCommand& c, MemoryBudget& budget) {
  if (c.weights.empty()) return {{}, shape_from_options(c)};
  ReadLayer<T> read{read_named_tensors<T>(c.weights, budget), {}};
  std::vector<NamedShape> shapes;
  for (const NamedTensor<T>& named : read.tensors) shapes.push_back({named.name, shape_of(named.tensor)});
  const std::string subject = "--weights " + c.weights;
  read.shape = infer_layer_shape(*c.layout, shapes, c.sizes.heads.value_or(0), c.placement == NormPlacement::pre, subject);
  require_agreement_with(read.shape, c, subject);
  return read;
}

void use_default_inputs(LayerCommand& c, std::size_t width, MemoryBudget& budget) {
  const SizeOptions& s = c.sizes;
  const TensorArgument* memory = c.tensors.find("--memory");
  const std::size_t batch = s.batch.value_or(memory ? with_batch(*memory, width)[0] : 2);
  c.tensors.use_default("--input", fmt::format("randn:{}x{}x{}", batch, s.query_len.value_or(s.len.value_or(4)), width), budget);
  if (!c.decoder) return;
  const std::size_t own_batch = with_batch(*c.tensors.find("--input"), width)[0];
  c.tensors.use_default("--memory", fmt::format("randn:{}x{}x{}", own_batch, s.key_len.value_or(s.len.value_or(5)), width), budget);
}

LayerSizes sizes_of_run(const LayerCommand& c, const LayerShape& shape) {
  const std::size_t width = shape.attention.d_model;
  const Shape x = with_batch(*c.tensors.find("--input"), width);
  require_agreement("--batch", c.sizes.batch, x[0], "--input");
  LayerSizes sizes{sizes_of(shape), {}};
  sizes.self.batch = x[0];
  sizes.self.query_len = sizes.self.new_len = x[1];
  sizes.self.past_len = past_length(c.tensors);
  sizes.self.key_len = sizes.self.past_len + x[1];
  sizes.cross = sizes.self;
  sizes.cross.past_len = 0;
  if (!c.decoder) {
    require_lengths(c.sizes, x[1], "--input", x[1], "--input");
    return sizes;
  }
  const Shape memory = with_batch(*c.tensors.find("--memory"), width);
  if (memory[0] != x[0]) throw ShapeError("--memory", fmt::format("has {} samples, --input has {}", memory[0], x[0]));
  require_lengths(c.sizes, x[1], "--input", memory[1], "--memory");
  sizes.cross.new_len = sizes.cross.key_len = memory[1];
  return sizes;
}

void charge_steps(const LayerCommand& c, const LayerShape& shape, const LayerSizes& sizes, MemoryBudget& budget) {
  RunPlan plan = plan_of(c);
  plan.inputs = plan.query_map = plan.key_map = plan.value_map = true;
  plan.rotary = c.rope.has_value();
  const std::vector<Step> around = {Step::residual, Step::norm_mean, Step::norm_var, Step::norm, Step::norm_hat, Step::x};
  std::vector<Step> ffn = around;
  ffn.insert(ffn.end(), {Step::ffn_up, Step::ffn_hidden, Step::ffn_output});
  if (shape.gated) ffn.push_back(Step::ffn_gate);
  const Precision precision = c.run.dtype;
  std::size_t blocks = 1;
  if (c.weights.empty()) {
    std::vector<Step> maps = {Step::w_q, Step::w_k, Step::w_v, Step::w_o, Step::w_1, Step::w_2};
    if (shape.gated) maps.push_back(Step::w_gate);
    if (c.decoder) maps.insert(maps.end(), {Step::w_q, Step::w_k, Step::w_v, Step::w_o});
    budget.charge(planned_bytes(maps, sizes.self, precision), "the weights");
  }
  budget.charge(planned_bytes(planned_steps(plan), sizes.self, precision), "the steps of this run");
  if (c.decoder) {
    ++blocks;
    plan.cache = plan.rotary = false;
    plan.mask = plan.matrices;
    budget.charge(planned_bytes(planned_steps(plan), sizes.cross, precision), "the steps of this run");
  }
  for (std::size_t block = 0; block < blocks; ++block) budget.charge(planned_bytes(around, sizes.self, precision), "the steps of this run");
  budget.charge(planned_bytes(ffn, sizes.self, precision), "the steps of this run");
}

template <class T>
LayerOptions<T> options_of(LayerCommand& c, const LayerShape& shape, const LayerSizes& sizes) {
  LayerOptions<T> options;
  options.self.heads = options.cross.heads = shape.attention.heads;
  options.self.kv_heads = options.cross.kv_heads = shape.attention.kv_heads;
  options.self.attention = attention_options<T>(c.scores, c.tensors, sizes.self);
  if (c.decoder) options.cross.attention = attention_options<T>(c.cross_scores(), c.tensors, sizes.cross);
  options.self.attention.detail = options.cross.attention.detail = options.norm.detail = c.output.detail ? Detail::yes : Detail::no;
  if (c.rope) {
    options.self.attention.rotary = RotaryPositions<T>{};
    options.self.attention.rotary->options.pairing = *c.rope;
    options.self.attention.rotary->options.base = c.rope_base;
    options.self.attention.rotary->options.head_dim = shape.attention.head_dim;
  }
  options.placement = c.placement;
  const Detail detail = options.norm.detail;
  options.norm = c.norm;
  options.norm.detail = detail;
  options.activation = c.activation.activation;
  return options;
}

template <class T>
std::map<Block, BlockFacts> facts_of_blocks(const LayerCommand& c, const LayerOptions<T>& options, const LayerSizes& sizes) {
  const LayerFacts layer{c.placement == NormPlacement::pre, c.norm, c.activation.activation};
  std::map<Block, BlockFacts> blocks;
  BlockFacts& self = blocks[Block::self] = {sizes.self, facts_of(c, options.self.attention, sizes.self), {}};
  self.facts.layer = layer;
  if (c.rope) {
    self.facts.rotary = options.self.attention.rotary->options;
    self.facts.rotary->offset += sizes.self.past_len;
  }
  if (c.decoder) {
    BlockFacts& cross = blocks[Block::cross] = {sizes.cross, facts_of(c, options.cross.attention, sizes.cross), c.cross_scores()};
    cross.facts.layer = layer;
  }
  blocks[Block::ffn] = {sizes.self, {}, {}};
  blocks[Block::ffn].facts.layer = layer;
  return blocks;
}

// Inputs and output alone. With the output goes the step that it repeats, which is the same tensor.
template <class T>
int present_fused(const LayerCommand& c, LayerInputs<T> inputs, const LayerWeights<T>& weights, const LayerOptions<T>& options, const LayerSizes& sizes) {
  const LayerInputs<T> shown{inputs.x, inputs.memory};
  const Tensor<T> output = fused_layer(std::move(inputs), weights, options, c.path.fused());
  LayerResult result{Trace{sizes.self, precision_of<T>(), {}}, facts_of_blocks(c, options, sizes)};
  const auto add = [&](const std::string& path, Step step, const Tensor<T>& tensor, const std::string& axes) {
    result.trace.entries.push_back({path, step, axes, TensorView(tensor)});
  };
  const Step last = c.placement == NormPlacement::pre ? Step::residual : Step::norm;
  const std::string axes = output.dimension() == 3 ? "B, Lq, Eo" : "Lq, Eo";
  add(std::string(name_of(Step::x)), Step::x, shown.x, axes_of(Step::x, sizes.self));
  if (shown.memory) add(std::string(name_of(Step::memory)), Step::memory, *shown.memory, axes_of(Step::memory, sizes.cross));
  add(path_of(Block::ffn, last), last, output, axes);
  add(std::string(name_of(Step::output)), Step::output, output, axes);
  return present_layer(c, std::move(result));
}

template <class T>
int run(LayerCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  c.tensors.read(budget);
  check_layer_options(c);
  ReadLayer<T> read = read_layer<T>(c, budget);
  use_default_inputs(c, read.shape.attention.d_model, budget);
  const LayerSizes sizes = sizes_of_run(c, read.shape);
  charge_steps(c, read.shape, sizes, budget);
  if (c.output.show_recipe) {
    std::vector<io::NamedView> loaded;
    for (const NamedTensor<T>& named : read.tensors) loaded.push_back({named.name, named.tensor});
    return print_recipe({c, read.shape, sizes, std::move(loaded)});
  }

  TorchGenerator random(c.run.seed);
  if (c.weights.empty()) read.tensors = converted<T>(initialise(*c.layout, read.shape, random));
  c.tensors.draw(random);
  const std::string subject = c.weights.empty() ? "fresh weights" : "--weights " + c.weights;
  const LayerWeights<T> weights = to_canonical(*c.layout, read.shape, read.tensors, subject);
  const LayerOptions<T> options = options_of<T>(c, read.shape, sizes);
  LayerInputs<T> inputs{c.tensors.take<T>("--input"), c.tensors.take_optional<T>("--memory")};
  if (takes_fused_path(c)) return present_fused(c, std::move(inputs), weights, options, sizes);
  const LayerSteps<T> steps = layer(std::move(inputs), weights, options);

  LayerResult result{Trace{sizes.self, precision_of<T>(), {}}, facts_of_blocks(c, options, sizes)};
  visit(weights, [&](Block block, Step step, const Tensor<T>& tensor) {
    result.trace.entries.push_back({path_of(block, step), step, axes_of(step, sizes.self), TensorView(tensor)});
  });
  append_to(result.trace, steps);
  result.trace.entries.back().axes = steps.output().dimension() == 3 ? "B, Lq, Eo" : "Lq, Eo";
  if constexpr (std::is_same_v<T, double>) {
    if (c.needs_problem()) result.problem = problem_of_layer(steps, weights, options);
    if (c.gradient) return present_gradient(c, sizes.self, *result.problem, take_upstream(c, shape_of(steps.output()), random));
  }
  return present_layer(c, std::move(result));
}

}  // namespace

LayerCommand::LayerCommand(CLI::App& app, Purpose purpose)
    : ModuleCommand(app, "layer", layout_table().front(), Sources::any, purpose) {}

ScoreOptions LayerCommand::cross_scores() const {
  ScoreOptions cross = scores;
  cross.causal = cross.causal_align_given = cross.takes_cache = false;
  cross.causal_align = CausalAlign::top_left;
  cross.window = {};
  cross.valid_lens = memory_valid_lens;
  cross.valid_lens_option = "--memory-valid-lens";
  cross.mask_option = "--memory-mask";
  return cross;
}

int run_layer(LayerCommand& command) {
  if (command.only_lists()) return list_layer_steps(command);
  return with_precision(command.run.dtype, [&](auto t) { return run<decltype(t)>(command); });
}

}  // namespace attn::tools
