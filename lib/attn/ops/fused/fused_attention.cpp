#include <attn/error.hpp>
#include <attn/ops/fused/fused_attention.hpp>
#include <attn/ops/fused/tiles.hpp>
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <string>

namespace attn {
namespace {

using namespace fused;

template <class T>
InstructionSet chosen_set(const AttentionOptions<T>& options, const FusedOptions& fused) {
  if (options.dropout_keep) throw UsageError("fused attention", "keeps no weights that dropout could drop");
  const InstructionSet set = fused.instructions.value_or(widest_set());
  if (!available(set)) {
    throw UsageError("fused attention", "this machine has no " + std::string(name_of(set)) +
                                            " (the widest it has is " + std::string(name_of(widest_set())) +
                                            ")");
  }
  return set;
}

template <class T>
Rules<T> rules_of(const AttentionOptions<T>& options, const Sizes& sizes) {
  Rules<T> rules{sizes, effective_scale(options, sizes.head_dim), std::nullopt, policy_of_masked_rows(options)};
  if (options.softcap) rules.softcap = static_cast<T>(*options.softcap);
  return rules;
}

// Where the tensors of a run lie. Query head h reads key/value head h / (H / Hk), so that nothing is
// repeated.
template <class T>
struct Operands {
  const Tensor<T>& q;
  const Tensor<T>& k;
  const Tensor<T>& v;
  const AttentionOptions<T>& options;
  const Sizes& sizes;
  Tensor<T>& output;

  Head<T> head(std::size_t b, std::size_t h) const {
    const std::size_t slice = b * sizes.heads + h;
    const std::size_t kv_slice = b * sizes.kv_heads + h / (sizes.heads / sizes.kv_heads);
    const auto stretch = [&](const Tensor<T>& keys, const Tensor<T>& values, std::size_t begin,
                             std::size_t count) {
      return Stretch<T>{{begin, begin + count},
                        keys.data() + kv_slice * count * sizes.head_dim,
                        values.data() + kv_slice * count * sizes.value_dim};
    };
    const Stretch<T> past = options.past_key
                                ? stretch(*options.past_key, *options.past_value, 0, sizes.past_len)
                                : Stretch<T>{{0, 0}, nullptr, nullptr};
    return {q.data() + slice * sizes.query_len * sizes.head_dim,
            {past, stretch(k, v, sizes.past_len, sizes.new_len)},
            output.data() + slice * sizes.query_len * sizes.value_dim,
            Visibility<T>(options.mask, sizes, options.mask_fill, b, h)};
  }
};

// Every panel of every head is one piece of work. The last panels of a head come first: under a causal mask
// they are the longest, and a long piece at the end would leave the other threads waiting.
template <class T>
void attend_all(const Operands<T>& operands, const AttentionOptions<T>& options, InstructionSet set,
                std::size_t threads) {
  const Sizes& sizes = operands.sizes;
  const Kernel<T>& kernel = kernel_for<T>(set);
  const Rules<T> rules = rules_of(options, sizes);
  const std::size_t panels = (sizes.query_len + panel_queries - 1) / panel_queries;
  const std::size_t pieces = sizes.batch * sizes.heads * panels;
  const std::size_t workers = worker_count(threads, pieces);
  std::vector<Workspace<T>> workspaces;
  for (std::size_t i = 0; i < workers; ++i) workspaces.emplace_back(sizes);
  for_each_piece(pieces, workers, [&](std::size_t piece, std::size_t worker) {
    const std::size_t slice = piece / panels, begin = (panels - 1 - piece % panels) * panel_queries;
    const Range queries = {begin, std::min(begin + panel_queries, sizes.query_len)};
    attend(kernel, rules, operands.head(slice / sizes.heads, slice % sizes.heads), queries,
           workspaces[worker]);
  });
}

}  // namespace

template <class T>
Tensor<T> fused_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                          const AttentionOptions<T>& options, const FusedOptions& fused) {
  const InstructionSet set = chosen_set(options, fused);
  const Sizes sizes = attention_sizes(q, k, v, options);
  if (options.past_key) {
    require_cache(*options.past_key, k);
    require_cache(*options.past_value, v);
    if (options.past_key->shape(2) != options.past_value->shape(2)) {
      throw ShapeError("attention", "past keys " + to_string(shape_of(*options.past_key)) +
                                        " and past values " + to_string(shape_of(*options.past_value)) +
                                        " differ in length");
    }
  }
  check_mask(options.mask, sizes);
  Tensor<T> output = empty<T>({sizes.batch, sizes.heads, sizes.query_len, sizes.value_dim});
  if (sizes.key_len == 0) {
    std::fill(output.data(), output.data() + output.size(), T{0});
  } else if (options.rotary) {
    const Tensor<T> q_rot = rotated(q, *options.rotary, sizes.past_len);
    const Tensor<T> k_rot = rotated(k, *options.rotary, sizes.past_len);
    attend_all<T>({q_rot, k_rot, v, options, sizes, output}, options, set, fused.threads);
  } else {
    attend_all<T>({q, k, v, options, sizes, output}, options, set, fused.threads);
  }
  return output;
}

template Tensor<float> fused_attention(const Tensor<float>&, const Tensor<float>&, const Tensor<float>&,
                                       const AttentionOptions<float>&, const FusedOptions&);
template Tensor<double> fused_attention(const Tensor<double>&, const Tensor<double>&, const Tensor<double>&,
                                        const AttentionOptions<double>&, const FusedOptions&);

}  // namespace attn
