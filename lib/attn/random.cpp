#include <attn/random.hpp>

#include <attn/error.hpp>
#include <attn/inlined.hpp>

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

// Compiled twice, with all that it calls; the CPU chooses when the program is loaded. A fused multiply-add gives the same
// bits as an instruction and as a function of the C library, which takes most of the time of a draw. (A sanitizer is not
// ready that early.)
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && defined(__GNUC__) && !defined(__clang__)
#define ATTNSCOPE_FUSED __attribute__((target_clones("fma", "default")))
#else
#define ATTNSCOPE_FUSED
#endif

// PyTorch's AVX2 path has its own logarithm, sine and cosine: the single-precision polynomials of the
// Cephes library (S. Moshier, 1992), each multiplication and the addition after it fused into one
// rounding. The C library's functions are a little closer to the truth and so differ in the last bits.

/// c[0]·xⁿ + … + c[n], one rounding a term.
template <std::size_t n>
ATTNSCOPE_INLINED float polynomial(const float (&c)[n], float x) {
  float sum = c[0];
  for (std::size_t i = 1; i < n; ++i) sum = std::fma(sum, x, c[i]);
  return sum;
}

/// Natural logarithm of a positive normal number.
ATTNSCOPE_INLINED float log_cephes(float value) {
  constexpr float c[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                         -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                         2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
  constexpr float log2_high = 0.693359375f;  // log 2 in two parts, the first exact in few bits
  constexpr float log2_low = -2.12194440e-4f;
  int exponent = 0;
  const float mantissa = std::frexp(value, &exponent);
  const bool small = mantissa < 0.70710678f;  // keep 1 + x between √½ and √2
  const float x = small ? mantissa + (mantissa - 1.0f) : mantissa - 1.0f;
  const auto e = static_cast<float>(small ? exponent - 1 : exponent);
  const float square = x * x;
  const float cubic = std::fma(polynomial(c, x) * x, square, e * log2_low);
  return std::fma(e, log2_high, x + std::fma(-0.5f, square, cubic));
}

struct SineCosine {
  float sine;
  float cosine;
};

/// Sine and cosine of an angle in [0, 2π].
ATTNSCOPE_INLINED SineCosine sine_cosine_cephes(float angle) {
  constexpr float sine_c[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
  constexpr float cosine_c[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
  constexpr float quarter_pi[] = {0.78515625f, 2.4187564849853515625e-4f, 3.77489497744594108e-8f};
  const int octant = (static_cast<int>(angle * 1.27323954473516f) + 1) & ~1;  // the nearest even one
  float x = angle;
  for (const float part : quarter_pi) x = std::fma(static_cast<float>(-octant), part, x);
  const float square = x * x;
  const float sine = std::fma(polynomial(sine_c, square) * square, x, x);
  const float cosine = std::fma(polynomial(cosine_c, square) * square, square, -0.5f * square) + 1.0f;
  const bool swapped = (octant & 2) != 0;
  const bool sine_negative = (octant & 4) != 0;
  const bool cosine_negative = ((octant + 2) & 4) != 0;
  const float s = swapped ? cosine : sine;
  const float c = swapped ? sine : cosine;
  return {sine_negative ? -s : s, cosine_negative ? -c : c};
}

/// Box–Muller in place on 16 uniform numbers.
ATTNSCOPE_FUSED void make_block_normal(float* block, float mean, float std) {
  for (std::size_t i = 0; i < half_block; ++i) {
    const float in_log = 1.0f - block[i];  // (0, 1], so that the logarithm is finite
    const float radius = std::sqrt(-2.0f * log_cephes(in_log));
    const float angle = static_cast<float>(two_pi) * block[i + half_block];
    const SineCosine direction = sine_cosine_cephes(angle);
    block[i] = std::fma(radius * direction.cosine, std, mean);
    block[i + half_block] = std::fma(radius * direction.sine, std, mean);
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
      data[i] = static_cast<float>(std::fma(generator.normal_double(), std, mean));
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
