// H1, H2, H4, H5, G1, G2: splitting into heads, sharing keys among heads, merging.
#include <attn/ops/heads.hpp>
#include <attn/ops/stages.hpp>
#include <attn/verify/mistakes.hpp>
#include <attn/verify/rearrange.hpp>

#include <cmath>

namespace attn {
namespace {

using S = Step;
using Result = std::optional<Tensor<double>>;
using Run = Evaluator<double>;

// What a step of heads is split from, (B, L, H·D): the projection, or the tensor that was given; empty when
// heads were given.
std::optional<Tensor<double>> unsplit(Run& run, Step step) {
  const auto& problem = run.problem();
  const Step projection = step == S::q ? S::q_proj : step == S::k ? S::k_proj : S::v_proj;
  if (problem.has(projection)) return run.get(projection);
  const bool given_whole = problem.inputs.count(step) > 0 && problem.output_shape.size() == 3;
  if (given_whole) return merge_heads(problem.inputs.at(step));
  return std::nullopt;
}

// With the keys that the module itself appends, which are split by themselves.
Tensor<double> with_appended(Run& run, Step step, Tensor<double> split) {
  const auto& problem = run.problem();
  if (step == S::q) return split;
  const auto& row = step == S::k ? problem.weights->bias_k : problem.weights->bias_v;
  if (row) split = append_key(split, row, "bias");
  if (problem.options.add_zero_attn) split = append_key(split, std::optional<Tensor<double>>(), "zero key");
  return split;
}

std::size_t heads_of(Run& run, Step step) {
  return step == S::q ? run.problem().options.heads : run.problem().options.kv_heads;
}

// The flat data of (B, L, H·D) read as (B, H, L, D), without the exchange of axes.
Result split_by_view(Run& run, Step step, const Tensor<double>*) {
  const std::optional<Tensor<double>> projected = unsplit(run, step);
  const std::size_t heads = heads_of(run, step);
  if (!projected || heads < 2) return std::nullopt;
  const Shape shape = shape_of(*projected);
  return with_appended(run, step, reshaped(*projected, {shape[0], heads, shape[1], shape[2] / heads}));
}

// Heads are merged in `merged`, or straight into an output of rank 3.
bool merges_at(Run& run, Step step) {
  return step == S::merged || (!run.problem().has(S::merged) && run.problem().output_shape.size() == 3);
}

Result merge_by_view(Run& run, Step step, const Tensor<double>*) {
  if (!merges_at(run, step)) return std::nullopt;
  const Tensor<double>& heads = run.get(S::heads);
  return reshaped(heads, {heads.shape(0), heads.shape(2), heads.shape(1) * heads.shape(3)});
}

// Columns ordered (D, H) instead of (H, D).
Result split_strided(Run& run, Step step, const Tensor<double>*) {
  const std::optional<Tensor<double>> projected = unsplit(run, step);
  const std::size_t heads = heads_of(run, step);
  if (!projected || heads < 2) return std::nullopt;
  const Shape shape = shape_of(*projected);
  return with_appended(run, step, fill_cells({shape[0], heads, shape[1], shape[2] / heads}, [&](auto b, auto h, auto l, auto d) {
    return (*projected)(b, l, d * heads + h);
  }));
}

Result merge_strided(Run& run, Step step, const Tensor<double>*) {
  if (!merges_at(run, step)) return std::nullopt;
  const Tensor<double>& z = run.get(S::heads);
  const std::size_t heads = z.shape(1), width = z.shape(3);
  if (heads < 2) return std::nullopt;
  Tensor<double> merged = empty<double>({z.shape(0), z.shape(2), heads * width});
  for (std::size_t b = 0; b < z.shape(0); ++b) {
    for (std::size_t l = 0; l < z.shape(2); ++l) {
      for (std::size_t c = 0; c < heads * width; ++c) merged(b, l, c) = z(b, c % heads, l, c / heads);
    }
  }
  return merged;
}

// The heads in another order: the order that fits theirs best, or reversed.
Result permuted(Run& run, Step step, const Tensor<double>* theirs) {
  const Tensor<double> own = run.compute(step);
  if (own.dimension() != 4 || own.shape(1) < 2) return std::nullopt;
  const std::size_t heads = own.shape(1);
  std::vector<std::size_t> order(heads);
  for (std::size_t h = 0; h < heads; ++h) order[h] = heads - 1 - h;
  if (theirs && shape_of(*theirs) == shape_of(own)) {
    for (std::size_t h = 0; h < heads; ++h) {
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t candidate = 0; candidate < heads; ++candidate) {
        double distance = 0;
        for (std::size_t b = 0; b < own.shape(0); ++b) {
          for (std::size_t i = 0; i < own.shape(2); ++i) {
            for (std::size_t j = 0; j < own.shape(3); ++j) {
              const double difference = std::abs((*theirs)(b, h, i, j) - own(b, candidate, i, j));
              if (std::isfinite(difference)) distance += difference;
            }
          }
        }
        if (distance < least) {
          least = distance;
          order[h] = candidate;
        }
      }
    }
  }
  return fill_cells(shape_of(own), [&](auto b, auto h, auto i, auto j) { return own(b, order[h], i, j); });
}

// (B·H) folded in one order and unfolded in the other.
Result unfolded_head_first(Run& run, Step step, const Tensor<double>*) {
  const Tensor<double> own = run.compute(step);
  const std::size_t batch = own.shape(0), heads = own.shape(1);
  if (own.dimension() != 4 || batch < 2 || heads < 2) return std::nullopt;
  return fill_cells(shape_of(own), [&](auto b, auto h, auto i, auto j) {
    const std::size_t slice = h * batch + b;
    return own(slice / heads, slice % heads, i, j);
  });
}

// Query head h reads key head h mod Hk.
Result tiled_keys(Run& run, Step step, const Tensor<double>*) {
  const std::size_t heads = run.problem().options.heads, kv_heads = run.problem().options.kv_heads;
  if (kv_heads == heads || kv_heads == 1) return std::nullopt;
  const auto tile = [&](const Tensor<double>& keys) {
    return fill_cells({keys.shape(0), heads, keys.shape(2), keys.shape(3)},
                      [&](auto b, auto h, auto j, auto d) { return keys(b, h % kv_heads, j, d); });
  };
  const bool cached = run.problem().has(S::present_key);
  if (step == S::scores_raw) return raw_scores(run.get(S::q), tile(run.get(cached ? S::present_key : S::k)));
  const Step weights = run.problem().has(S::weights_dropped) ? S::weights_dropped : S::weights;
  return weighted_values(run.get(weights), tile(run.get(cached ? S::present_value : S::v)));
}

// The keys repeated along the sequence as often as there are query heads to a key head: every weight is
// shared among the copies, and their sum is unchanged.
Result repeated_along_sequence(Run& run, Step step, const Tensor<double>*) {
  const auto& problem = run.problem();
  if (problem.options.kv_heads == problem.options.heads || problem.has(S::mask)) return std::nullopt;
  const std::size_t copies = problem.options.heads / problem.options.kv_heads;
  const Tensor<double> own = run.compute(step);
  const double share = step == S::weights ? static_cast<double>(copies) : 1.0;
  return fill_cells({own.shape(0), own.shape(1), own.shape(2), own.shape(3) * copies},
                    [&](auto b, auto h, auto i, auto j) { return own(b, h, i, j % own.shape(3)) / share; });
}

}  // namespace

std::vector<Mistake> head_mistakes() {
  const std::vector<Step> split = {S::q, S::k, S::v};
  return {
      {"H1", "q, k and v", split, split_by_view},
      {"H1", "q", {S::q}, split_by_view},
      {"H1", "k", {S::k}, split_by_view},
      {"H1", "v", {S::v}, split_by_view},
      {"H2", "", {S::merged, S::output}, merge_by_view},
      {"H4", "columns (D, H) in q, k and v", split, split_strided},
      {"H4", "columns (D, H) when merging", {S::merged, S::output}, merge_strided},
      {"H4", "heads in another order", {S::q, S::k, S::v}, permuted},
      {"H4", "heads in another order", {S::heads}, permuted},
      {"H4", "heads in another order", {S::weights}, permuted, Effect::shows},
      {"H5", "heads", {S::heads}, unfolded_head_first},
      {"H5", "q, k and v", split, unfolded_head_first},
      {"H5", "weights", {S::weights}, unfolded_head_first},
      {"H5", "weights, as shown", {S::weights}, unfolded_head_first, Effect::shows},
      {"G1", "", {S::scores_raw, S::heads}, tiled_keys},
      {"G1", "keys only", {S::scores_raw}, tiled_keys},
      {"G1", "values only", {S::heads}, tiled_keys},
      {"G2", "", {S::scores_raw, S::scores_scaled, S::scores_masked, S::weights}, repeated_along_sequence, Effect::shows, true},
  };
}

}  // namespace attn
