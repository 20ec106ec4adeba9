// Dot-product attention (the course's first form): three optional linear maps, scores, softmax, sum.
#include "attention_command.hpp"
#include "gradient_report.hpp"
#include "problem_of.hpp"
#include "recipe.hpp"
#include "subcommands.hpp"
#include "verify_command.hpp"

#include <attn/error.hpp>
#include <attn/ops/dot_product.hpp>
#include <attn/ops/multihead.hpp>

#include <fmt/format.h>

#include <memory>

namespace attn::tools {
namespace {

bool has_maps(const TensorArguments& tensors) {
  return tensors.has("--wq") || tensors.has("--wk") || tensors.has("--wv");
}

// Queries and keys of the course's example, in the sizes asked for.
void use_default_inputs(AttentionCommand& c, MemoryBudget& budget) {
  const SizeOptions& s = c.sizes;
  const std::size_t batch = s.batch.value_or(2), width = s.head_dim.value_or(4);
  const std::size_t query_len = s.query_len.value_or(s.len.value_or(3)), key_len = s.key_len.value_or(s.len.value_or(5));
  c.tensors.use_default("--query", fmt::format("randn:{}x{}x{}", batch, query_len, width), budget);
  c.tensors.use_default("--key", fmt::format("randn:{}x{}x{}", batch, key_len, width), budget);
}

// (B, L, D); a matrix is one sample.
Shape with_batch(const Shape& shape, const std::string& option) {
  if (shape.size() == 3) return shape;
  if (shape.size() == 2) return {1, shape[0], shape[1]};
  throw ShapeError(option, "expected rank 2 (L, D), 3 (B, L, D) or 4 with one head (B, 1, L, D), found shape " + to_string(shape));
}

// Query or key was left to its default, which need not fit the other: the message names the missing option.
void require_fitting_default(const TensorArgument& given, const TensorArgument& other) {
  if (given.is_default || !other.is_default) return;
  const Shape& a = given.shape();
  const Shape& b = other.shape();
  const Shape rows = with_batch(a, given.option);
  const char* what = a.size() == b.size() ? "batch and width" : "rank";
  if (a.size() == b.size() && rows.front() == b.front() && rows.back() == b.back()) return;
  throw UsageError(given.option, fmt::format("is {}, but {} was left at its default {}; give {} of the same {}", to_string(a), other.option,
                                             other.text, other.option, what));
}

Sizes sizes_of(const AttentionCommand& c) {
  const Shape q = with_batch(c.tensors.find("--query")->shape(), "--query");
  const Shape k = with_batch(c.tensors.find("--key")->shape(), "--key");
  const Shape v = c.tensors.has("--value") ? with_batch(c.tensors.find("--value")->shape(), "--value") : k;
  const auto mapped_width = [&](const char* option, std::size_t width) {
    const TensorArgument* map = c.tensors.find(option);
    return map && map->shape().size() == 2 ? map->shape()[1] : width;
  };
  Sizes sizes;
  sizes.batch = q[0];
  sizes.heads = sizes.kv_heads = 1;
  sizes.query_len = q[1];
  sizes.new_len = k[1];
  sizes.past_len = past_length(c.tensors);
  sizes.key_len = sizes.past_len + sizes.new_len;
  sizes.d_model = q[2];
  sizes.key_width = k[2];
  sizes.value_width = v[2];
  sizes.head_dim = mapped_width("--wq", q[2]);
  sizes.value_dim = mapped_width("--wv", v[2]);
  require_agreement("--batch", c.sizes.batch, q[0], "--query");
  require_lengths(c.sizes, q[1], "--query", k[1], "--key");
  require_agreement("--head-dim", c.sizes.head_dim, sizes.head_dim, "the queries");
  return sizes;
}

RunPlan plan_of_dot(const AttentionCommand& c) {
  RunPlan plan = plan_of(c);
  plan.inputs = plan.memory = has_maps(c.tensors);
  plan.memory_value = plan.inputs && c.tensors.has("--value");
  plan.query_map = c.tensors.has("--wq");
  plan.key_map = c.tensors.has("--wk");
  plan.value_map = c.tensors.has("--wv");
  return plan;
}

template <class T>
AttentionResult finish(const AttentionCommand& c, const AttentionOptions<T>& options, const Sizes& sizes, Trace trace) {
  if (TraceEntry* output = trace.find(Step::output)) {
    output->axes = output->tensor.rank() == 2 ? "Lq, Dv" : "B, Lq, Dv";
  }
  return {std::move(trace), facts_of(c, options, sizes), nullptr, false};
}

template <class T>
int run_without_maps(AttentionCommand& c, const AttentionOptions<T>& options, TorchGenerator& random) {
  Tensor<T> query = c.tensors.take<T>("--query"), key = c.tensors.take<T>("--key");
  Tensor<T> value = c.tensors.has("--value") ? c.tensors.take<T>("--value") : key;
  std::optional<Problem<double>> problem;
  if constexpr (std::is_same_v<T, double>) {
    if (c.needs_problem()) problem = problem_of_given(query, key, value, 1, 1, options, plan_of_dot(c));
  }
  if (c.verifies_steps()) return verify_files(c, std::move(*problem));
  const auto steps = dot_product_attention<T>(std::move(query), std::move(key), std::move(value), 1, 1, options);
  Trace trace{steps.attention.sizes, precision_of<T>(), {}};
  append_to(trace, steps);
  AttentionResult result = finish(c, options, steps.attention.sizes, std::move(trace));
  result.problem = std::move(problem);
  if (c.gradient) result.upstream = take_upstream(c, shape_of(steps.output), random);
  return present(c, std::move(result));
}

template <class T>
int run_with_maps(AttentionCommand& c, const AttentionOptions<T>& options, const Sizes& sizes, TorchGenerator& random) {
  MultiheadWeights<T> weights;
  weights.w_q = c.tensors.take_optional<T>("--wq");
  weights.w_k = c.tensors.take_optional<T>("--wk");
  weights.w_v = c.tensors.take_optional<T>("--wv");
  MultiheadOptions<T> multi;
  multi.attention = options;
  MultiheadInputs<T> inputs{c.tensors.take<T>("--query"), c.tensors.take<T>("--key"), c.tensors.take_optional<T>("--value")};
  std::optional<Problem<double>> problem;
  if constexpr (std::is_same_v<T, double>) {
    if (c.needs_problem()) problem = problem_of_module(inputs, weights, multi, plan_of_dot(c), sizes);
  }
  if (c.verifies_steps()) return verify_files(c, std::move(*problem));
  const auto steps = multihead<T>(std::move(inputs), weights, multi);
  Trace trace{steps.attention.sizes, precision_of<T>(), {}};
  append_to(trace, weights);
  append_to(trace, steps);
  AttentionResult result = finish(c, options, steps.attention.sizes, std::move(trace));
  result.problem = std::move(problem);
  if (c.gradient) result.upstream = take_upstream(c, shape_of(steps.output), random);
  return present(c, std::move(result));
}

template <class T>
int run_dot(AttentionCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  c.tensors.read(budget);
  check_score_options(c.scores, c.tensors);
  check_verify(c);
  // The steps of a run have an axis for its one head; they can be given back as they are.
  for (const char* option : {"--query", "--key", "--value"}) c.tensors.drop_single_axis(option, 4, 1);
  use_default_inputs(c, budget);
  if (!has_maps(c.tensors)) {
    require_fitting_default(*c.tensors.find("--query"), *c.tensors.find("--key"));
    require_fitting_default(*c.tensors.find("--key"), *c.tensors.find("--query"));
  }
  const Sizes sizes = sizes_of(c);
  budget.charge(planned_bytes(planned_steps(plan_of_dot(c)), sizes, precision_of<T>()), "the steps of this run");
  if (c.output.show_recipe) return print_recipe({c, sizes});
  TorchGenerator random(c.run.seed);
  c.tensors.draw(random);
  AttentionOptions<T> options = attention_options<T>(c.scores, c.tensors, sizes);
  options.dropout_keep = draw_dropout<T>(c.scores, sizes, random);
  options.detail = c.output.detail ? Detail::yes : Detail::no;
  return has_maps(c.tensors) ? run_with_maps<T>(c, options, sizes, random) : run_without_maps<T>(c, options, random);
}

}  // namespace

Run setup_dot(CLI::App& app, Purpose purpose) {
  auto command = std::make_shared<AttentionCommand>(app, "dot", "none", purpose);
  TensorArguments& tensors = command->tensors;
  tensors.add("--query", "Queries (B, Lq, D) or (Lq, D) (default randn:2x3x4)");
  tensors.add("--key", "Keys (B, Lk, D) or (Lk, D) (default randn:2x5x4)");
  tensors.add("--value", "Values (B, Lk, Dv) (default: the keys)");
  tensors.add("--wq", "Linear map of the queries, [in, out]");
  tensors.add("--wk", "Linear map of the keys, [in, out]");
  tensors.add("--wv", "Linear map of the values, [in, out]");
  add_size_options(app, command->sizes, {"--batch", "--len", "--query-len", "--key-len", "--head-dim"});
  return [command]() {
    if (command->only_lists()) {
      const RunPlan everything{true, true, true, true, true, true, true, true, true, true, true, false};
      return list_steps(*command, everything, {Step::w_q, Step::w_k, Step::w_v});
    }
    return with_precision(command->run.dtype, [&](auto t) { return run_dot<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
