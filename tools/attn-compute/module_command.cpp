#include "module_command.hpp"

#include "module_weights.hpp"
#include "gradient_report.hpp"
#include "problem_of.hpp"
#include "recipe.hpp"
#include "tile_report.hpp"
#include "verify_command.hpp"

#include <attn/error.hpp>
#include <attn/ops/multihead.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <utility>

namespace attn::tools {
namespace {

// (B, L, E); a matrix is one sample.
Shape with_batch(const TensorArgument& source) {
  const Shape& shape = source.shape();
  if (shape.size() == 3) return shape;
  if (shape.size() == 2) return {1, shape[0], shape[1]};
  throw ShapeError(source.option + " " + source.text,
                   "expected rank 3 (B, L, E) or 2 (L, E), found shape " + to_string(shape));
}

// Which option gives the source of keys: --memory, --key, or the input itself.
std::string key_source(const TensorArguments& tensors) {
  if (tensors.has("--memory")) return "--memory";
  return tensors.has("--key") ? "--key" : "--input";
}

void use_default_inputs(ModuleCommand& c, const MultiheadShape& shape, MemoryBudget& budget) {
  if (c.tensors.has("--memory") && (c.tensors.has("--key") || c.tensors.has("--value"))) {
    throw UsageError("--memory", "stands for both --key and --value; give one or the other");
  }
  if (c.tensors.has("--value") && !c.tensors.has("--key")) throw UsageError("--value", "needs --key");
  const SizeOptions& s = c.sizes;
  const std::size_t query_len = s.query_len.value_or(s.len.value_or(4));
  const TensorArgument* memory = c.tensors.find(key_source(c.tensors));
  const std::size_t batch = s.batch.value_or(memory ? with_batch(*memory)[0] : 2);
  c.tensors.use_default("--input", fmt::format("randn:{}x{}x{}", batch, query_len, shape.d_model), budget);
  const bool wants_memory = c.sources == Sources::memory || (c.sources == Sources::any && s.key_len);
  if (wants_memory && key_source(c.tensors) == "--input") {
    const std::size_t key_len = s.key_len.value_or(s.len.value_or(5));
    c.tensors.use_default("--memory", fmt::format("randn:{}x{}x{}", with_batch(*c.tensors.find("--input"))[0], key_len, shape.key_width), budget);
  }
}

Sizes sizes_of_run(const ModuleCommand& c, const MultiheadShape& shape, std::size_t appended_keys) {
  const std::string source = key_source(c.tensors);
  const Shape x = with_batch(*c.tensors.find("--input")), memory = with_batch(*c.tensors.find(source));
  Sizes sizes = sizes_of(shape);
  sizes.batch = x[0];
  sizes.query_len = x[1];
  sizes.new_len = memory[1];
  sizes.past_len = past_length(c.tensors);
  sizes.key_len = sizes.past_len + sizes.new_len + appended_keys;
  if (x[2] != shape.d_model) {
    throw ShapeError("--input", fmt::format("has rows of width {}, but the weights expect d_model = {}", x[2], shape.d_model));
  }
  require_agreement("--batch", c.sizes.batch, x[0], "--input");
  require_lengths(c.sizes, x[1], "--input", memory[1], source);
  return sizes;
}

RunPlan plan_of_module(const ModuleCommand& c) {
  RunPlan plan = plan_of(c);
  plan.inputs = plan.query_map = plan.key_map = plan.value_map = true;
  plan.memory = key_source(c.tensors) != "--input";
  plan.memory_value = c.tensors.has("--value");
  plan.averaged_weights = c.average_weights;
  return plan;
}

template <class T>
MultiheadInputs<T> take_inputs(ModuleCommand& c) {
  MultiheadInputs<T> inputs{c.tensors.take<T>("--input"), std::nullopt, std::nullopt};
  const std::string source = key_source(c.tensors);
  if (source != "--input") inputs.memory = c.tensors.take<T>(source);
  inputs.memory_value = c.tensors.take_optional<T>("--value");
  return inputs;
}

// Without an output map the width of the output is that of the merged heads.
std::string axes_of_output(bool mapped, std::size_t rank) {
  return std::string(rank == 3 ? "B, " : "") + "Lq, " + (mapped ? "E" : "H*Dv");
}

// `steps`: of either path.
template <class Steps, class T>
AttentionResult result_of_run(const ModuleCommand& c, const Steps& steps, const Sizes& sizes, const MultiheadWeights<T>& weights,
                              const AttentionOptions<T>& options, std::optional<Problem<double>> problem) {
  Trace trace{sizes, precision_of<T>(), {}};
  append_to(trace, weights);
  append_to(trace, steps);
  trace.find(Step::output)->axes = axes_of_output(weights.w_o.has_value(), steps.output.dimension());
  AttentionFacts facts = facts_of(c, options, trace.sizes);
  return {std::move(trace), std::move(facts), c.layout, c.add_zero_attn, {}, std::move(problem)};
}

template <class T>
int run(ModuleCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  c.tensors.read(budget);
  check_score_options(c.scores, c.tensors);
  check_verify(c);
  ModuleWeights<T> read = read_weights<T>(c, budget);
  const MultiheadShape shape = read.shape;
  use_default_inputs(c, shape, budget);
  const bool bias_kv = shape.bias_kv;
  const std::size_t appended_keys = (bias_kv ? 1 : 0) + (c.add_zero_attn ? 1 : 0);
  const Sizes sizes = sizes_of_run(c, shape, appended_keys);
  budget.charge(planned_bytes(planned_steps(plan_of_module(c)), sizes, precision_of<T>()), "the steps of this run");
  if (shows_tiles(c)) charge_tiles(c, sizes, precision_of<T>(), budget);
  if (c.output.show_recipe) {
    std::vector<io::NamedView> loaded;
    for (const NamedTensor<T>& named : read.tensors) loaded.push_back({named.name, named.tensor});
    return print_recipe({c, sizes, &c, shape, std::move(loaded), appended_keys});
  }

  TorchGenerator random(c.run.seed);
  MultiheadWeights<T> weights = canonical_weights(c, std::move(read), random);
  MultiheadOptions<T> options;
  options.heads = shape.heads;
  options.kv_heads = shape.kv_heads;
  options.add_zero_attn = c.add_zero_attn;
  options.average_weights = c.average_weights;
  options.attention = attention_options<T>(c.scores, c.tensors, sizes, appended_keys);
  options.attention.dropout_keep = draw_dropout<T>(c.scores, sizes, random);
  options.attention.detail = c.output.detail ? Detail::yes : Detail::no;
  AttentionOptions<T> explained = options.attention;
  explained.dropout_keep.reset();
  explained.mask.exempt_keys = appended_keys;

  MultiheadInputs<T> inputs = take_inputs<T>(c);
  if (takes_fused_path(c)) {
    options.average_weights = false;
    const MultiheadEnds<T> ends = fused_multihead(std::move(inputs), weights, std::move(options), c.path.fused());
    return present(c, result_of_run(c, ends, ends.sizes, weights, explained, {}));
  }
  std::optional<Problem<double>> problem;
  if constexpr (std::is_same_v<T, double>) {  // verification and mistakes have no other type
    const auto problem_of_run = [&](MultiheadInputs<T> in, MultiheadWeights<T> maps, MultiheadOptions<T> chosen) {
      Problem<double> made = problem_of_module(std::move(in), std::move(maps), std::move(chosen), plan_of_module(c), sizes);
      made.options.attention.mask.exempt_keys = appended_keys;
      made.sizes.new_len += appended_keys;
      return made;
    };
    if (c.verifies_steps()) return verify_files(c, problem_of_run(std::move(inputs), std::move(weights), std::move(options)));
    if (c.needs_problem()) problem = problem_of_run(inputs, weights, options);
  }
  const MultiheadSteps<T> steps = multihead(std::move(inputs), weights, std::move(options));
  AttentionResult result = result_of_run(c, steps, steps.attention.sizes, weights, explained, std::move(problem));
  if (c.gradient) result.upstream = take_upstream(c, shape_of(steps.output), random);
  if (shows_tiles(c)) return present_tiles(c, result, steps.attention, explained);
  return present(c, std::move(result));
}

// Which tensors a file of weights holds, where there is but one layout.
std::string names_help(const LayoutInfo& layout, Sources where) {
  if (where == Sources::any) return "--layout says which tensors it holds";
  return "It holds " + names_of_tensors(layout);
}

}  // namespace

std::string names_of_tensors(const LayoutInfo& layout) {
  std::string weights, biases;
  for (const LayoutRow& row : layout.rows) {
    if (row.presence != Presence::always && row.presence != Presence::with_bias && row.presence != Presence::equal_widths) continue;
    std::string& text = row.presence == Presence::with_bias ? biases : weights;
    text += (text.empty() ? "" : ", ") + std::string(row.name) + " (" + std::string(row.axes) + ")";
  }
  return weights + (biases.empty() ? "" : "; with biases also " + biases);
}

ModuleCommand::ModuleCommand(CLI::App& app, const std::string& name, const LayoutInfo& default_layout, Sources where, Purpose purpose)
    : AttentionCommand(app, name, "auto", purpose), layout(&default_layout), sources(where) {
  if (purpose == Purpose::steps) {
    add_path_option(app, path);
    if (name != "layer") add_tile_option(app, path);
  }
  tensors.add("--input", "X: the input (B, Lq, E) or (Lq, E); queries come from it");
  if (where != Sources::input) tensors.add("--memory", "M: the source of keys and values (B, Lk, Ek)");
  app.add_option("--weights", weights, "Weights of the module: npz, safetensors or json, as FILE or FILE:PREFIX (default: fresh, from --seed). " + names_help(default_layout, where))
      ->type_name("FILE")
      ->group("Tensors");
  const auto set_bias = [this](bool wanted) {
    if (bias && *bias != wanted) throw UsageError("--bias", "contradicts --no-bias");
    bias = wanted;
  };
  app.add_flag_callback("--bias", [set_bias]() { set_bias(true); }, "Fresh linear maps have a bias")->group("Weights");
  app.add_flag_callback("--no-bias", [set_bias]() { set_bias(false); }, "Fresh linear maps have no bias")->group("Weights");
}

void add_single_maps(ModuleCommand& command) {
  command.tensors.add("--wq", "Linear map of the queries, [in, out]");
  command.tensors.add("--wk", "Linear map of the keys, [in, out]");
  command.tensors.add("--wv", "Linear map of the values, [in, out]");
}

int run_module(ModuleCommand& command) {
  if (command.only_lists()) {
    RunPlan everything{true, true, true, true, true, true, true, true, true, true, true, true};
    everything.memory = command.sources != Sources::input;
    everything.memory_value = everything.averaged_weights = command.sources == Sources::any;
    std::vector<Step> parameters = {Step::w_q, Step::b_q, Step::w_k, Step::b_k, Step::w_v, Step::b_v};
    if (command.sources == Sources::any) parameters.insert(parameters.end(), {Step::bias_k, Step::bias_v, Step::w_o, Step::b_o});
    return list_steps(command, everything, parameters);
  }
  return with_precision(command.run.dtype, [&](auto t) { return run<decltype(t)>(command); });
}

}  // namespace attn::tools
