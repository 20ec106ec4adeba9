#include "weights/reference_text.hpp"

#include <attn/error.hpp>
#include <attn/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attn;

namespace {

// The scalar path of PyTorch below 16 elements ends in the C library's double functions, which differ
// between C libraries in the last bit of a double, seldom of a float.
void check_close(const std::vector<float>& ours, const std::vector<float>& theirs) {
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CHECK(std::fabs(ours[i] - theirs[i]) <= 1.2e-7f * std::fmax(1.0f, std::fabs(theirs[i])));
  }
}

Tensor<float> draw(const std::string& kind, TorchGenerator& generator, std::size_t n, double a, double b) {
  Tensor<float> tensor = filled({n}, std::numeric_limits<float>::quiet_NaN());
  if (kind == "rand") return rand(generator, {n});
  if (kind == "randn") return randn(generator, {n});
  if (kind == "bernoulli") return bernoulli(generator, {n}, a);
  if (kind == "dropout") return dropout_keep(generator, {n}, a);
  if (kind == "uniform") fill_uniform(generator, tensor, a, b);
  if (kind == "normal") fill_normal(generator, tensor, a, b);
  return tensor;
}

}  // namespace

TEST_CASE("consecutive draws of all kinds and sizes are PyTorch's, from the same seed") {
  TorchGenerator generator(0);
  int compared = 0;
  for (const std::string& line : reference::lines("random.txt")) {
    std::istringstream words(line);
    std::string kind;
    std::uint64_t n = 0;
    words >> kind >> n;
    if (kind == "seed") {
      generator = TorchGenerator(n);
      continue;
    }
    CAPTURE(line.substr(0, 30));
    double a = 0, b = 0;
    words >> a >> b;
    const std::vector<float> theirs = reference::floats(words);
    const std::vector<float> ours = reference::values_of(draw(kind, generator, n, a, b));
    const bool short_normal = (kind == "randn" || kind == "normal") && n < 16;
    if (short_normal)
      check_close(ours, theirs);
    else
      CHECK(ours == theirs);
    ++compared;
  }
  CHECK(compared == 4 * 33);
}

TEST_CASE("only the low 32 bits of a seed count, as in PyTorch") {
  TorchGenerator small(7), large((std::uint64_t{3} << 32) + 7);
  CHECK(small.next64() == large.next64());
}

TEST_CASE("the first number of the engine is that of the published Mersenne twister") {
  // Matsumoto and Nishimura's mt19937ar with init_genrand(5489): the first output is 3499211612.
  CHECK(TorchGenerator(5489).next32() == 3499211612u);
}

TEST_CASE("a 64-bit draw is two 32-bit draws, the first one high") {
  TorchGenerator pair(3), single(3);
  const std::uint64_t high = single.next32();
  const std::uint64_t low = single.next32();
  CHECK(pair.next64() == high * 4294967296u + low);
}

TEST_CASE("a scalar is one draw, and an empty tensor none") {
  TorchGenerator generator(1), untouched(1);
  CHECK(rand(generator, {0, 3}).size() == 0);
  CHECK(randn(generator, {4, 0}).size() == 0);
  CHECK(generator.next32() == untouched.next32());
  CHECK(rand(generator, {}).size() == 1);
  untouched.next32();
  CHECK(generator.next32() == untouched.next32());
}

TEST_CASE("uniform numbers are in [0, 1), and normal ones have mean 0 and variance 1") {
  TorchGenerator generator(2024);
  for (const float u : rand(generator, {1000})) CHECK((u >= 0.0f && u < 1.0f));
  const Tensor<float> normal = randn(generator, {40000});
  double sum = 0, squares = 0;
  for (const float z : normal) {
    sum += z;
    squares += static_cast<double>(z) * z;
  }
  // Four standard errors: 4/√40000 = 0.02 for the mean, 4·√(2/40000) = 0.0283 for the variance.
  CHECK(std::fabs(sum / 40000) < 0.02);
  CHECK(std::fabs(squares / 40000 - 1) < 0.0283);
}

TEST_CASE("impossible distributions are refused with the number found") {
  TorchGenerator generator(0);
  Tensor<float> tensor = filled({3}, 0.0f);
  CHECK_THROWS_AS(fill_uniform(generator, tensor, 1.0, 0.5), UsageError);
  CHECK_THROWS_AS(fill_normal(generator, tensor, 0.0, -1.0), UsageError);
  CHECK_THROWS_AS(bernoulli(generator, {3}, 1.5), UsageError);
  CHECK_THROWS_AS(dropout_keep(generator, {3}, -0.1), UsageError);
  CHECK_THROWS_AS(dropout_keep(generator, {3}, std::nan("")), UsageError);
}
