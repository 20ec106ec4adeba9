#include <attn/random.hpp>

#include <attn/error.hpp>

#include <cmath>
#include <string>

namespace attn {
namespace {

constexpr double two_pi = 6.283185307179586;
constexpr std::size_t block_size = 16;  // of the float32 normal draws
constexpr std::size_t half_block = block_size / 2;

void draw_block(TorchGenerator& generator, float* block) {
  for (std::size_t i = 0; i < block_size; ++i) block[i] = generator.uniform_float();
}

/// Box–Muller in place on 16 uniform numbers, every operation rounded to float32 as PyTorch's AVX2 path.
void make_block_normal(float* block, float mean, float std) {
  for (std::size_t i = 0; i < half_block; ++i) {
    const float in_log = 1.0f - block[i];  // (0, 1], so that the logarithm is finite
    const float radius = std::sqrt(-2.0f * std::log(in_log));
    const float angle = static_cast<float>(two_pi) * block[i + half_block];
    block[i] = std::fma(radius * std::cos(angle), std, mean);
    block[i + half_block] = std::fma(radius * std::sin(angle), std, mean);
  }
}

void require_probability(const char* subject, double p) {
  if (!(p >= 0.0 && p <= 1.0)) {
    throw UsageError(subject, "expected a probability between 0 and 1, found " + std::to_string(p));
  }
}

}  // namespace

TorchGenerator::TorchGenerator(std::uint64_t seed) : engine_(static_cast<std::uint32_t>(seed)) {}

std::uint64_t TorchGenerator::next64() {
  const std::uint64_t high = next32();
  return (high << 32) | next32();
}

float TorchGenerator::uniform_float() {
  constexpr std::uint32_t mask = (1u << 24) - 1;
  return static_cast<float>(next32() & mask) * 0x1p-24f;
}

double TorchGenerator::uniform_double() {
  constexpr std::uint64_t mask = (std::uint64_t{1} << 53) - 1;
  return static_cast<double>(next64() & mask) * 0x1p-53;
}

double TorchGenerator::normal_double() {
  if (kept_normal_) {
    const double sample = *kept_normal_;
    kept_normal_.reset();
    return sample;
  }
  const double angle = two_pi * uniform_double();
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform_double()));
  kept_normal_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

Tensor<float> rand(TorchGenerator& generator, const Shape& shape) {
  Tensor<float> tensor = empty<float>(shape);
  for (float& element : tensor.storage()) element = generator.uniform_float();
  return tensor;
}

Tensor<float> randn(TorchGenerator& generator, const Shape& shape) {
  Tensor<float> tensor = empty<float>(shape);
  fill_normal(generator, tensor, 0.0, 1.0);
  return tensor;
}

void fill_uniform(TorchGenerator& generator, Tensor<float>& tensor, double from, double to) {
  if (!(from <= to)) {
    throw UsageError("uniform",
                     "the range is empty: from " + std::to_string(from) + " to " + std::to_string(to));
  }
  const float low = static_cast<float>(from);
  const float width = static_cast<float>(to) - low;
  for (float& element : tensor.storage()) element = std::fma(generator.uniform_float(), width, low);
}

void fill_normal(TorchGenerator& generator, Tensor<float>& tensor, double mean, double std) {
  if (!(std >= 0.0)) {
    throw UsageError("normal", "expected a standard deviation of at least 0, found " + std::to_string(std));
  }
  float* const data = tensor.data();
  const std::size_t size = tensor.size();
  if (size < block_size) {
    for (std::size_t i = 0; i < size; ++i) {
      data[i] = static_cast<float>(generator.normal_double() * std + mean);
    }
    return;
  }
  const auto mean32 = static_cast<float>(mean);
  const auto std32 = static_cast<float>(std);
  for (std::size_t i = 0; i < size; ++i) data[i] = generator.uniform_float();
  for (std::size_t i = 0; i + block_size <= size; i += block_size) make_block_normal(data + i, mean32, std32);
  if (size % block_size != 0) {
    float* const last = data + (size - block_size);
    draw_block(generator, last);
    make_block_normal(last, mean32, std32);
  }
}

Tensor<float> bernoulli(TorchGenerator& generator, const Shape& shape, double probability) {
  require_probability("bernoulli", probability);
  Tensor<float> tensor = empty<float>(shape);
  for (float& element : tensor.storage()) element = generator.uniform_double() < probability ? 1.0f : 0.0f;
  return tensor;
}

Tensor<float> dropout_keep(TorchGenerator& generator, const Shape& shape, double p) {
  require_probability("dropout", p);
  if (p == 0.0) return filled(shape, 1.0f);
  if (p == 1.0) return filled(shape, 0.0f);
  return bernoulli(generator, shape, 1.0 - p);
}

}  // namespace attn
