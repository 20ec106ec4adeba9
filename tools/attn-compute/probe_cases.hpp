// Inputs and weights on which mistakes cannot hide. Sizes differ from each other, weights are neither
// symmetric nor without a bias, samples have different valid lengths; what one run cannot show (rows without
// any allowed key, scores beyond the range of exp, a cache) is a case of its own. So are the two layers, whose
// norms and residual connections attention alone does not have.
#pragma once

#include <attn/tensor.hpp>

#include <string>
#include <vector>

namespace attn::tools {

enum class ProbeKind { attention, encoder_layer, decoder_layer };

struct ProbeCase {
  std::string name;                  ///< "cross"
  std::string layout;                ///< of the weights
  std::size_t batch, heads, kv_heads, query_len, key_len, head_dim, value_dim, d_model;
  std::vector<std::string> options;  ///< of the subcommand, besides its tensors
  bool memory = false;               ///< keys and values have a source of their own
  std::size_t past_len = 0;          ///< keys from a cache, among key_len
  float input_size = 1.3F;           ///< standard deviation of the input
  ProbeKind kind = ProbeKind::attention;

  /// "mha" or "layer".
  std::string subcommand() const { return kind == ProbeKind::attention ? "mha" : "layer"; }
};

/// All cases, the most revealing first. What each is for is said in the lessons, under "probe".
const std::vector<ProbeCase>& probe_cases();

struct ProbeTensor {
  std::string name;  ///< "x", "weights.W_q.weight"
  Tensor<float> tensor;
};

/// The tensors of a case, always the same.
std::vector<ProbeTensor> probe_tensors(const ProbeCase& probe);

/// The words after "attn-compute mha" or "attn-compute layer" that run the case on the tensors of this file.
std::vector<std::string> probe_arguments(const ProbeCase& probe, const std::string& file);

}  // namespace attn::tools
