// New layers against PyTorch's (layer_initialisation.txt, by make_layer.py); the rest by hand.
#include "weights/reference_text.hpp"

#include <attn/error.hpp>
#include <attn/weights/layer_layout.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace attn;

namespace {

const LayoutInfo& torch_layout() { return *find_layout("torch"); }

LayerShape shape_of_width(std::size_t width, std::size_t heads) {
  LayerShape shape;
  shape.attention.d_model = width;
  shape.attention.heads = heads;
  return shape;
}

template <class T>
const NamedTensor<T>* find(const std::vector<NamedTensor<T>>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor<T>& each) { return each.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

std::vector<NamedShape> shapes_of(const std::vector<NamedTensor<float>>& tensors) {
  std::vector<NamedShape> shapes;
  for (const NamedTensor<float>& named : tensors) shapes.push_back({named.name, shape_of(named.tensor)});
  return shapes;
}

std::vector<NamedTensor<float>> fresh(const LayerShape& shape) {
  TorchGenerator generator(0);
  return initialise(torch_layout(), shape, generator);
}

}  // namespace

TEST_CASE("a fresh layer holds the numbers PyTorch draws, and leaves the generator there") {
  TorchGenerator generator(0);
  std::vector<NamedTensor<float>> tensors;
  std::size_t seen = 0;
  for (const std::string& line : reference::lines("layer_initialisation.txt")) {
    CAPTURE(line.substr(0, 60));
    std::istringstream words(line);
    std::string kind, name, shape_text;
    words >> kind;
    if (kind == "layer") {
      LayerShape shape;
      std::uint64_t seed = 0;
      words >> shape.attention.d_model >> shape.attention.heads >> shape.ffn_width >> shape.decoder >> seed;
      generator = TorchGenerator(seed);
      tensors = initialise(torch_layout(), shape, generator);
      seen = 0;
    } else if (kind == "tensor") {
      words >> name >> shape_text;
      const auto* named = find(tensors, name);
      REQUIRE(named != nullptr);
      CHECK(shape_of(named->tensor) == reference::shape(shape_text));
      CHECK(reference::values_of(named->tensor) == reference::floats(words));
      ++seen;
    } else if (kind == "next") {
      CHECK(seen == tensors.size());
      CHECK(reference::values_of(rand(generator, {1})) == reference::floats(words));
    }
  }
}

TEST_CASE("every tensor of a layer finds its place, matrices turned to the orientation x·W") {
  LayerShape shape = shape_of_width(4, 2);
  shape.decoder = shape.gated = shape.residual_map = true;
  shape.ffn_width = 6;
  shape.output_width = 5;
  const auto tensors = fresh(shape);
  const auto weights = to_canonical(torch_layout(), shape, tensors, "test");
  std::vector<std::string> paths;
  visit(weights, [&](Block block, Step step, const Tensor<float>&) { paths.push_back(path_of(block, step)); });
  CHECK(paths == std::vector<std::string>{"self.w_q", "self.b_q", "self.w_k", "self.b_k", "self.w_v", "self.b_v", "self.w_o", "self.b_o", "self.gamma",
                                          "self.beta", "cross.w_q", "cross.b_q", "cross.w_k", "cross.b_k", "cross.w_v", "cross.b_v", "cross.w_o",
                                          "cross.b_o", "cross.gamma", "cross.beta", "ffn.w_gate", "ffn.b_gate", "ffn.w_1", "ffn.b_1", "ffn.w_2",
                                          "ffn.b_2", "ffn.w_s", "ffn.b_s", "ffn.gamma", "ffn.beta"});
  const Tensor<float>& linear1 = find(tensors, "linear1.weight")->tensor;
  CHECK(shape_of(*weights.ffn.maps.w_1) == Shape{4, 6});
  CHECK((*weights.ffn.maps.w_1)(3, 5) == linear1(5, 3));
  CHECK(shape_of(*weights.ffn.residual.w_s) == Shape{4, 5});
  CHECK(weights.ffn.norm.gamma->size() == 5);  // post-norm: it sees the output
  CHECK(weights.cross->norm.gamma->size() == 4);
}

TEST_CASE("with pre-norm the last normalisation sees the input of the feed-forward") {
  LayerShape shape = shape_of_width(4, 2);
  shape.residual_map = shape.norm_first = true;
  shape.output_width = 6;
  const auto weights = to_canonical(torch_layout(), shape, fresh(shape), "test");
  CHECK(weights.ffn.norm.gamma->size() == 4);
}

TEST_CASE("the sizes and parts of a layer are read off its tensors") {
  LayerShape shape = shape_of_width(8, 2);
  shape.decoder = shape.gated = true;
  shape.norm_shift = false;
  shape.ffn_width = 10;
  const LayerShape found = infer_layer_shape(torch_layout(), shapes_of(fresh(shape)), 2, true, "test");
  CHECK(found.attention.d_model == 8);
  CHECK(found.ffn_width == 10);
  CHECK(found.output_width == 8);
  CHECK(found.decoder);
  CHECK(found.gated);
  CHECK(found.norm_first);
  CHECK_FALSE(found.norm_shift);
  CHECK_FALSE(found.residual_map);
}

TEST_CASE("missing, unknown and wrongly shaped tensors are refused by name") {
  const LayerShape shape = shape_of_width(4, 2);
  auto tensors = fresh(shape);
  const auto without = [&](const std::string& name) {
    auto fewer = tensors;
    fewer.erase(std::remove_if(fewer.begin(), fewer.end(), [&](const auto& each) { return each.name == name; }), fewer.end());
    return fewer;
  };
  CHECK_THROWS_WITH_AS(to_canonical(torch_layout(), shape, without("linear2.bias"), "f"), "f: lacks tensor linear2.bias", InputError);
  CHECK_THROWS_AS(to_canonical(torch_layout(), shape, without("self_attn.in_proj_weight"), "f"), InputError);
  CHECK_THROWS_WITH_AS(infer_layer_shape(torch_layout(), shapes_of(without("linear1.weight")), 2, false, "f"), "f: lacks tensor linear1.weight", InputError);
  auto more = tensors;
  more.push_back({"norm3.weight", filled<float>({4}, 1)});
  CHECK_THROWS_AS(to_canonical(torch_layout(), shape, more, "f"), InputError);
  for (auto& named : tensors) {
    if (named.name == "norm1.bias") named.tensor = filled<float>({3}, 1);
  }
  CHECK_THROWS_WITH_AS(to_canonical(torch_layout(), shape, tensors, "f"), "f: tensor norm1.bias has shape (3,), expected (4,) = (E)", InputError);
}

TEST_CASE("an output of another width needs a map on the residual connection") {
  LayerShape shape = shape_of_width(4, 2);
  shape.output_width = 6;
  CHECK_THROWS_AS(resolved(torch_layout(), shape), UsageError);
  shape.residual_map = true;
  CHECK(resolved(torch_layout(), shape).ffn_width == 16);  // 4·E
}
