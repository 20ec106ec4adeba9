#include "weights/reference_text.hpp"

#include <attn/weights/init.hpp>
#include <attn/weights/layouts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace attn;

namespace {

MultiheadShape read_shape(std::istringstream& words) {
  MultiheadShape shape;
  bool bias = false;
  words >> shape.d_model >> shape.heads >> shape.kv_heads >> shape.head_dim >> shape.value_dim >>
      shape.key_width >> shape.value_width >> bias >> shape.bias_kv;
  shape.bias = bias;
  return shape;
}

}  // namespace

TEST_CASE("a fresh module of every layout holds the numbers PyTorch draws, and leaves the generator there") {
  TorchGenerator generator(0);
  std::vector<NamedTensor<float>> tensors;
  std::size_t tensors_seen = 0;
  for (const std::string& line : reference::lines("initialisation.txt")) {
    CAPTURE(line.substr(0, 60));
    std::istringstream words(line);
    std::string kind, name, shape_text;
    words >> kind;
    if (kind == "module") {
      words >> name;
      const MultiheadShape shape = read_shape(words);
      std::uint64_t seed = 0;
      words >> seed;
      generator = TorchGenerator(seed);
      REQUIRE(find_layout(name) != nullptr);
      tensors = initialise(*find_layout(name), shape, generator);
      tensors_seen = 0;
    } else if (kind == "tensor") {
      words >> name >> shape_text;
      const auto named =
          std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
      REQUIRE(named != tensors.end());
      CHECK(shape_of(named->tensor) == reference::shape(shape_text));
      const std::vector<float> theirs = reference::floats(words);
      const std::vector<float> ours = reference::values_of(named->tensor);
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        // bias_k of fewer than 16 numbers goes through the C library's double functions.
        if (name.rfind("bias_", 0) == 0)
          CHECK(std::fabs(ours[i] - theirs[i]) <= 1.2e-7f);
        else
          CHECK(ours[i] == theirs[i]);
      }
      ++tensors_seen;
    } else if (kind == "next") {
      CHECK(tensors_seen == tensors.size());
      CHECK(reference::values_of(rand(generator, {1})) == reference::floats(words));
    } else if (kind == "embedding") {
      words >> shape_text;
      TorchGenerator fresh(1);
      const Shape shape = reference::shape(shape_text);
      CHECK(reference::values_of(embedding_weight(fresh, shape[0], shape[1])) == reference::floats(words));
    }
  }
}

TEST_CASE("linear maps are drawn within ±1/√inputs, weight first") {
  TorchGenerator generator(5);
  for (const float w : linear_weight(generator, 30, 16)) CHECK(std::fabs(w) <= 0.25f);  // 1/√16
  for (const float b : linear_bias(generator, 30, 16)) CHECK(std::fabs(b) <= 0.25f);
}

TEST_CASE("xavier_uniform stays within ±√(6 / (fan_in + fan_out))") {
  TorchGenerator generator(5);
  // (3·8, 8): fans 8 and 24, bound √(6/32) = 0.4330127.
  for (const float w : xavier_uniform(generator, {24, 8})) CHECK(std::fabs(w) <= 0.4330128f);
  CHECK_THROWS_AS(xavier_uniform(generator, {24}), std::invalid_argument);
  CHECK_THROWS_AS(xavier_normal(generator, {}), std::invalid_argument);
}
