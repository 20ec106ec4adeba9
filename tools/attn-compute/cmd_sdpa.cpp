// Scaled dot-product attention on given queries, keys and values.
#include "attention_command.hpp"
#include "gradient_report.hpp"
#include "problem_of.hpp"
#include "recipe.hpp"
#include "subcommands.hpp"
#include "tile_report.hpp"
#include "verify_command.hpp"

#include <attn/error.hpp>
#include <attn/ops/dot_product.hpp>

#include <fmt/format.h>

#include <memory>

namespace attn::tools {
namespace {

void use_default_inputs(AttentionCommand& c, MemoryBudget& budget) {
  const SizeOptions& s = c.sizes;
  const std::size_t batch = s.batch.value_or(1), heads = s.heads.value_or(1), kv_heads = s.kv_heads.value_or(heads);
  const std::size_t query_len = s.query_len.value_or(s.len.value_or(3)), key_len = s.key_len.value_or(s.len.value_or(4));
  const std::size_t head_dim = s.head_dim.value_or(4), value_dim = s.value_dim.value_or(head_dim);
  const bool typed = !c.tensors.has("--query") && !c.tensors.has("--key");
  if (typed && heads % kv_heads != 0) throw UsageError("--kv-heads", fmt::format("{} does not divide {} heads", kv_heads, heads));
  c.tensors.use_default("--query", fmt::format("randn:{}x{}x{}x{}", batch, heads, query_len, head_dim), budget);
  c.tensors.use_default("--key", fmt::format("randn:{}x{}x{}x{}", batch, kv_heads, key_len, head_dim), budget);
  c.tensors.use_default("--value", fmt::format("randn:{}x{}x{}x{}", batch, kv_heads, key_len, value_dim), budget);
}

// Some of Q, K and V but not all: the missing ones could only be guessed.
void require_all_or_none(const TensorArguments& tensors) {
  const char* const options[] = {"--query", "--key", "--value"};
  std::size_t given = 0;
  for (const char* option : options) given += tensors.has(option);
  for (const char* option : options) {
    if (given != 0 && !tensors.has(option)) throw UsageError(option, "is missing; give --query, --key and --value together");
  }
}

struct HeadCounts {
  std::size_t heads, kv_heads;
};

HeadCounts head_counts(const AttentionCommand& c) {
  const Shape& q = c.tensors.find("--query")->shape();
  const Shape& k = c.tensors.find("--key")->shape();
  if (q.size() == 4 && k.size() == 4) {
    require_agreement("--heads", c.sizes.heads, q[1], "--query " + to_string(q));
    require_agreement("--kv-heads", c.sizes.kv_heads, k[1], "--key " + to_string(k));
    return {q[1], k[1]};
  }
  if (q.size() == 2 && c.sizes.heads.value_or(1) != 1) {
    throw UsageError("--heads", "heads need rank 3 (B, L, E); --query has shape " + to_string(q));
  }
  const std::size_t heads = c.sizes.heads.value_or(1), kv_heads = c.sizes.kv_heads.value_or(heads);
  if (heads % kv_heads != 0) throw UsageError("--kv-heads", fmt::format("{} does not divide {} heads", kv_heads, heads));
  return {heads, kv_heads};
}

// The sizes as far as the shapes tell them; what does not fit is refused by the computation itself.
Sizes sizes_of(const AttentionCommand& c, const HeadCounts& counts) {
  const Shape& q = c.tensors.find("--query")->shape();
  const Shape& k = c.tensors.find("--key")->shape();
  const Shape& v = c.tensors.find("--value")->shape();
  if (q.size() < 2 || k.size() != q.size() || v.size() != q.size() || q.size() > 4) {
    throw ShapeError("", "--query " + to_string(q) + ", --key " + to_string(k) + ", --value " + to_string(v) +
                             " must all have rank 2 (L, D), 3 (B, L, E) or 4 (B, H, L, D)");
  }
  const std::size_t rank = q.size();
  Sizes sizes;
  sizes.batch = rank == 2 ? 1 : q[0];
  sizes.heads = counts.heads;
  sizes.kv_heads = counts.kv_heads;
  sizes.query_len = q[rank - 2];
  sizes.new_len = k[rank - 2];
  sizes.past_len = past_length(c.tensors);
  sizes.key_len = sizes.past_len + sizes.new_len;
  sizes.head_dim = rank == 3 ? q[2] / counts.heads : q[rank - 1];
  sizes.value_dim = rank == 3 ? v[2] / counts.kv_heads : v[rank - 1];
  sizes.d_model = sizes.heads * sizes.value_dim;
  require_agreement("--batch", c.sizes.batch, sizes.batch, "--query " + to_string(q));
  require_lengths(c.sizes, sizes.query_len, "--query " + to_string(q), sizes.new_len, "--key " + to_string(k));
  require_agreement("--head-dim", c.sizes.head_dim, sizes.head_dim, "--query " + to_string(q));
  require_agreement("--value-dim", c.sizes.value_dim, sizes.value_dim, "--value " + to_string(v));
  return sizes;
}

const char* axes_of_output(std::size_t rank) {
  if (rank == 2) return "Lq, Dv";
  return rank == 3 ? "B, Lq, H*Dv" : "B, H, Lq, Dv";
}

// The output alone. Its facts are those of the same run step by step.
template <class T>
int present_fused(const AttentionCommand& c, const Tensor<T>& output, const AttentionOptions<T>& options, const Sizes& sizes) {
  Trace trace{sizes, precision_of<T>(), {}};
  trace.entries.push_back({std::string(name_of(Step::output)), Step::output, axes_of_output(output.dimension()), output});
  return present(c, {std::move(trace), facts_of(c, options, sizes), nullptr, false, {}, {}});
}

template <class T>
int run_sdpa(AttentionCommand& c) {
  MemoryBudget budget(c.run.max_memory);
  c.tensors.read(budget);
  check_score_options(c.scores, c.tensors);
  check_verify(c);
  require_all_or_none(c.tensors);
  use_default_inputs(c, budget);
  const HeadCounts counts = head_counts(c);
  const Sizes sizes = sizes_of(c, counts);
  budget.charge(planned_bytes(planned_steps(plan_of(c)), sizes, precision_of<T>()), "the steps of this run");
  if (shows_tiles(c)) charge_tiles(c, sizes, precision_of<T>(), budget);
  if (c.output.show_recipe) return print_recipe({c, sizes});
  TorchGenerator random(c.run.seed);
  c.tensors.draw(random);
  AttentionOptions<T> options = attention_options<T>(c.scores, c.tensors, sizes);
  options.dropout_keep = draw_dropout<T>(c.scores, sizes, random);
  options.detail = c.output.detail ? Detail::yes : Detail::no;
  Tensor<T> q = c.tensors.take<T>("--query"), k = c.tensors.take<T>("--key"), v = c.tensors.take<T>("--value");
  if (takes_fused_path(c)) {
    Sizes fused = sizes;
    fused.d_model = 0;  // as in a run step by step, which has no maps
    return present_fused(c, fused_dot_product_attention(std::move(q), std::move(k), std::move(v), counts.heads, counts.kv_heads, options, c.path.fused()), options, fused);
  }
  std::optional<Problem<double>> problem;
  if constexpr (std::is_same_v<T, double>) {
    if (c.needs_problem()) problem = problem_of_given(q, k, v, counts.heads, counts.kv_heads, options, plan_of(c));
  }
  if (c.verifies_steps()) {
    q = k = v = Tensor<T>();
    return verify_files(c, *problem);
  }
  const auto steps = dot_product_attention<T>(std::move(q), std::move(k), std::move(v), counts.heads, counts.kv_heads, options);
  Trace trace{steps.attention.sizes, precision_of<T>(), {}};
  append_to(trace, steps);
  trace.find(Step::output)->axes = axes_of_output(steps.output.dimension());
  AttentionResult result{std::move(trace), facts_of(c, options, steps.attention.sizes), nullptr, false, {}, std::move(problem)};
  if (c.gradient) result.upstream = take_upstream(c, shape_of(steps.output), random);
  if (shows_tiles(c)) return present_tiles(c, result, steps.attention, options);
  return present(c, std::move(result));
}

}  // namespace

Run setup_sdpa(CLI::App& app, Purpose purpose) {
  auto command = std::make_shared<AttentionCommand>(app, "sdpa", "auto", purpose);
  TensorArguments& tensors = command->tensors;
  tensors.add("--query", "Queries: rank 2 (Lq, D), 3 (B, Lq, H*D) or 4 (B, H, Lq, D)");
  tensors.add("--key", "Keys, of the same rank");
  tensors.add("--value", "Values, of the same rank");
  add_size_options(app, command->sizes,
                   {"--batch", "--len", "--query-len", "--key-len", "--heads", "--kv-heads", "--head-dim", "--value-dim"});
  if (purpose == Purpose::steps) {
    add_path_option(app, command->path);
    add_tile_option(app, command->path);
  }
  return [command]() {
    RunPlan everything;
    everything.cache = everything.softcap = everything.mask = everything.detail = everything.dropout = true;
    if (command->only_lists()) return list_steps(*command, everything, {});
    return with_precision(command->run.dtype, [&](auto t) { return run_sdpa<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
