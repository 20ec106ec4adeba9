// PyTorch's random numbers: what `torch.manual_seed(N)` followed by torch.rand, torch.randn, … gives on
// a CPU, so that a run here and the same run in Python start from the same tensors.
//
// The engine is the 32-bit Mersenne twister seeded with the low 32 bits of the seed. PyTorch has several
// paths over it, which round differently; this file follows the one that an x86 CPU with AVX2 and FMA
// takes, operation by operation, and is bit-equal to PyTorch 1.13.1 there:
//   rand                 on every CPU;
//   uniform_             PyTorch without FMA rounds twice where this rounds once: 1e-8 apart;
//   randn, normal_       from 16 elements on, PyTorch without AVX2 has other sines and rounds 2π·u
//                        elsewhere: up to 3e-6 apart. Below 16, as good as the C library's double functions;
//   bernoulli            equal to PyTorch built without MKL. The official x86 builds have MKL and draw
//                        bernoulli numbers and dropout masks from another stream, not reproduced here.
// Values are float32 numbers, as PyTorch draws them by default; a float64 run widens them exactly.
#pragma once

#include <attn/shape.hpp>
#include <attn/tensor.hpp>

#include <cstdint>
#include <optional>
#include <random>

namespace attn {

/// PyTorch's CPU generator: the engine and the one normal sample that short normal draws keep for later.
class TorchGenerator {
 public:
  /// As torch.manual_seed(seed): only the low 32 bits count.
  explicit TorchGenerator(std::uint64_t seed);

  /// The next 32 random bits.
  std::uint32_t next32() { return static_cast<std::uint32_t>(engine_()); }

  /// The next 64 random bits; the first draw is the high half.
  std::uint64_t next64();

  /// A multiple of 2^-24 in [0, 1), from 32 random bits.
  float uniform_float();

  /// A multiple of 2^-53 in [0, 1), from 64 random bits.
  double uniform_double();

  /// A standard normal sample in double precision, made in pairs by the polar form of Box and Muller;
  /// the second of a pair is kept and returned by the next call, whatever was drawn in between.
  double normal_double();

 private:
  std::mt19937 engine_;
  std::optional<double> kept_normal_;
};

/// torch.rand: uniform in [0, 1).
Tensor<float> rand(TorchGenerator& generator, const Shape& shape);

/// torch.randn: standard normal.
Tensor<float> randn(TorchGenerator& generator, const Shape& shape);

/// Tensor.uniform_(from, to): uniform in [from, to). Throws UsageError if from > to.
void fill_uniform(TorchGenerator& generator, Tensor<float>& tensor, double from, double to);

/// Tensor.normal_(mean, std). Throws UsageError if std is negative.
///
/// From 16 elements on, blocks of 16: eight radii from the first eight uniform draws, eight angles from
/// the other eight. A remainder is not a shorter block: the last 16 elements are drawn again and
/// overwrite what the blocks before left there. Below 16 elements, one `normal_double` each.
void fill_normal(TorchGenerator& generator, Tensor<float>& tensor, double mean, double std);

/// Tensor.bernoulli_(probability): one with that probability, else zero. Throws UsageError outside [0, 1].
Tensor<float> bernoulli(TorchGenerator& generator, const Shape& shape, double probability);

/// Which elements torch.nn.functional.dropout(p) keeps while training: one to keep, zero to drop.
/// Nothing is drawn when p is 0 (all kept) or 1 (all dropped). Throws UsageError outside [0, 1].
Tensor<float> dropout_keep(TorchGenerator& generator, const Shape& shape, double p);

}  // namespace attn
