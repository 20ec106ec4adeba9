// Encodings made wrong on purpose, by the identifiers of the catalogue.
#pragma once

#include <attn/ops/alibi.hpp>
#include <attn/ops/position.hpp>
#include <attn/ops/rope.hpp>
#include <attn/tensor.hpp>

#include <string>
#include <vector>

namespace attn::posenc {

/// The mistakes of each encoding that can be made on purpose, in the order of the catalogue.
const std::vector<std::string>& sinusoidal_mistakes();  // E1 … E9, E11, E12
const std::vector<std::string>& rope_mistakes();        // R1 … R6
const std::vector<std::string>& alibi_mistakes();       // AL1 … AL3

/// The table [len, d] with these mistakes in it. Throws UsageError for an id that is none of
/// sinusoidal_mistakes(), or cannot be made with these options.
Tensor<double> mistaken_sinusoidal(const std::vector<std::string>& ids, const SinusoidalOptions& options, std::size_t len);

/// The rotation with these mistakes in it. R6 is none of the rotation: it rounds the tables to bfloat16.
RopeOptions mistaken_rope(const std::vector<std::string>& ids, RopeOptions options);

/// The slopes, and the biases [H, Lq, Lk], with these mistakes in them.
std::vector<double> mistaken_slopes(const std::vector<std::string>& ids, std::size_t heads);
Tensor<double> mistaken_bias(const std::vector<std::string>& ids, std::size_t heads, std::size_t query_len, std::size_t key_len, AlibiFuture future);

}  // namespace attn::posenc
