// Options about how scores become weights: scale, soft cap, every mask rule, cache, dropout.
#pragma once

#include "../common/cli11_forward.hpp"
#include "../common/tensor_arguments.hpp"

#include <attn/ops/attention.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

enum class MaskMeans { keep, drop, add };
enum class MaskShort { error, drop };

struct ScoreOptions {
  std::optional<double> scale;        ///< empty: 1/√D
  std::string scale_text = "auto";    ///< as typed
  std::optional<double> softcap;
  bool causal = false;
  CausalAlign causal_align = CausalAlign::top_left;
  bool causal_align_given = false;
  std::vector<std::size_t> valid_lens;
  Window window;
  std::optional<MaskMeans> mask_means;
  MaskShort mask_short = MaskShort::error;
  std::optional<double> mask_fill;    ///< empty: −inf
  std::optional<MaskedRows> masked_rows;
  double dropout = 0;
  /// Where the rules come from; cross-attention in a layer has options of its own, and no cache.
  std::string mask_option = "--mask";
  std::string valid_lens_option = "--valid-lens";
  bool takes_cache = true;
};

/// Adds the options; `default_scale` is "auto" or "none".
void add_score_options(CLI::App& app, ScoreOptions& options, TensorArguments& tensors,
                       const std::string& default_scale = "auto");

/// Throws UsageError for options that contradict each other or would do nothing.
void check_score_options(const ScoreOptions& options, const TensorArguments& tensors);

/// How a given mask is meant: the option, else keep for booleans and add for floating point.
/// Throws UsageError for whole numbers without --mask-means, which could be any of the three.
MaskMeans meaning_of_mask(const ScoreOptions& options, const TensorArgument& mask);

/// Everything but the dropout mask, which is drawn last. `appended_keys` of the keys are added by the
/// module itself and free of every rule. Throws ShapeError, naming the option, for a mask or valid lengths
/// that do not fit the sizes.
template <class T>
AttentionOptions<T> attention_options(const ScoreOptions& options, TensorArguments& tensors, const Sizes& sizes,
                                      std::size_t appended_keys = 0);

/// P, the length of the cache given with --past-key; 0 without one.
std::size_t past_length(const TensorArguments& tensors);

}  // namespace attn::tools
