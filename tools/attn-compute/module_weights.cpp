#include "module_weights.hpp"

#include <attn/error.hpp>
#include <attn/io/source.hpp>
#include <attn/weights/convert.hpp>
#include <attn/weights/infer.hpp>
#include <attn/weights/init.hpp>

#include <fmt/format.h>

#include <utility>

#include <sys/stat.h>

namespace attn::tools {
namespace {

bool exists(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0;
}

// The last axis of a given input; 0 when it is not given.
std::size_t width_of(const TensorArguments& tensors, const char* option) {
  const TensorArgument* argument = tensors.find(option);
  return argument && !argument->shape().empty() ? argument->shape().back() : 0;
}

void check_head_count(const ModuleCommand& c) {
  const bool anything_said = c.sizes.d_model || c.tensors.has("--input");
  if (!c.layout->one_head && !c.sizes.heads && anything_said) {
    throw UsageError("--heads", "is missing: the number of heads cannot be read from an input or a width");
  }
}

// Sizes that were asked for must be those that the weights have.
void require_agreement_with(const MultiheadShape& shape, const ModuleCommand& c, const std::string& where) {
  if (c.bias || c.bias_kv) {
    throw UsageError(c.bias_kv ? "--bias-kv" : *c.bias ? "--bias" : "--no-bias", "is for fresh weights, not for " + where);
  }
  require_agreement("--d-model", c.sizes.d_model, shape.d_model, where);
  require_agreement("--kv-heads", c.sizes.kv_heads, shape.kv_heads, where);
  require_agreement("--head-dim", c.sizes.head_dim, shape.head_dim, where);
  require_agreement("--value-dim", c.sizes.value_dim, shape.value_dim, where);
}

MultiheadShape shape_from_options(const ModuleCommand& c) {
  check_head_count(c);
  MultiheadShape shape;
  const std::size_t input = width_of(c.tensors, "--input");
  shape.d_model = c.sizes.d_model.value_or(input > 0 ? input : 8);
  if (input > 0) require_agreement("--d-model", c.sizes.d_model, input, "--input");
  if (!c.layout->one_head) shape.heads = c.sizes.heads.value_or(2);
  shape.kv_heads = c.sizes.kv_heads.value_or(0);
  shape.head_dim = c.sizes.head_dim.value_or(0);
  shape.value_dim = c.sizes.value_dim.value_or(0);
  const std::size_t memory = width_of(c.tensors, "--memory");
  shape.key_width = memory > 0 ? memory : width_of(c.tensors, "--key");
  shape.value_width = memory > 0 ? memory : width_of(c.tensors, "--value");
  if (shape.value_width == 0) shape.value_width = shape.key_width;
  shape.bias = c.bias;
  shape.bias_kv = c.bias_kv;
  return resolved(*c.layout, shape);
}

bool has_maps(const TensorArguments& tensors) {
  return tensors.has("--wq") || tensors.has("--wk") || tensors.has("--wv");
}

// The shape that --wq, --wk and --wv have, which must be given together.
MultiheadShape shape_from_maps(const ModuleCommand& c) {
  for (const char* option : {"--wq", "--wk", "--wv"}) {
    const TensorArgument* map = c.tensors.find(option);
    if (!map) throw UsageError(option, "is missing; give --wq, --wk and --wv together");
    if (map->shape().size() != 2) throw ShapeError(option, "expected a matrix [in, out], found shape " + to_string(map->shape()));
  }
  MultiheadShape shape;
  shape.d_model = c.tensors.find("--wq")->shape()[0];
  shape.heads = shape.kv_heads = 1;
  shape.head_dim = c.tensors.find("--wq")->shape()[1];
  shape.value_dim = c.tensors.find("--wv")->shape()[1];
  shape.key_width = c.tensors.find("--wk")->shape()[0];
  shape.value_width = c.tensors.find("--wv")->shape()[0];
  return shape;
}

}  // namespace

WeightsFile split_prefix(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (text == "-" || exists(text) || colon == std::string::npos) return {text, ""};
  WeightsFile file{text.substr(0, colon), text.substr(colon + 1)};
  if (!file.prefix.empty() && file.prefix.back() != '.') file.prefix += '.';
  return file;
}

template <class T>
std::vector<NamedTensor<T>> read_named_tensors(const std::string& weights, MemoryBudget& budget) {
  const WeightsFile file = split_prefix(weights);
  const std::string subject = "--weights " + weights;
  std::vector<NamedTensor<T>> tensors;
  for (io::NamedArray& named : io::read_all(file.path, io::MemoryLimit(budget.left()))) {
    if (named.name.compare(0, file.prefix.size(), file.prefix) != 0) continue;
    tensors.push_back({named.name.substr(file.prefix.size()), io::to_tensor<T>(named.array, file.path + ":" + named.name)});
    budget.charge(tensors.back().tensor.size() * sizeof(T), subject);
  }
  if (tensors.empty()) throw InputError(subject, fmt::format("no tensor has a name that begins with '{}'", file.prefix));
  return tensors;
}

template <class T>
ModuleWeights<T> read_weights(ModuleCommand& c, MemoryBudget& budget) {
  ModuleWeights<T> weights;
  if (c.weights.empty()) {
    weights.shape = has_maps(c.tensors) ? shape_from_maps(c) : shape_from_options(c);
    if (has_maps(c.tensors)) require_agreement_with(weights.shape, c, "--wq, --wk and --wv");
    return weights;
  }
  if (has_maps(c.tensors)) throw UsageError("--weights", "cannot be combined with --wq, --wk and --wv");
  const std::string subject = "--weights " + c.weights;
  weights.tensors = read_named_tensors<T>(c.weights, budget);
  weights.shape = infer_shape(*c.layout, weights.tensors, c.sizes.heads.value_or(0), subject);
  require_agreement_with(weights.shape, c, subject);
  return weights;
}

template <class T>
MultiheadWeights<T> canonical_weights(ModuleCommand& c, ModuleWeights<T> read, TorchGenerator& random) {
  if (has_maps(c.tensors)) {
    c.tensors.draw(random);
    MultiheadWeights<T> weights;
    weights.w_q = c.tensors.take<T>("--wq");
    weights.w_k = c.tensors.take<T>("--wk");
    weights.w_v = c.tensors.take<T>("--wv");
    return weights;
  }
  if (c.weights.empty()) read.tensors = converted<T>(initialise(*c.layout, read.shape, random));
  c.tensors.draw(random);
  const std::string subject = c.weights.empty() ? "fresh weights" : "--weights " + c.weights;
  return to_canonical(*c.layout, read.shape, read.tensors, subject);
}

template std::vector<NamedTensor<float>> read_named_tensors(const std::string&, MemoryBudget&);
template std::vector<NamedTensor<double>> read_named_tensors(const std::string&, MemoryBudget&);
template ModuleWeights<float> read_weights(ModuleCommand&, MemoryBudget&);
template ModuleWeights<double> read_weights(ModuleCommand&, MemoryBudget&);
template MultiheadWeights<float> canonical_weights(ModuleCommand&, ModuleWeights<float>, TorchGenerator&);
template MultiheadWeights<double> canonical_weights(ModuleCommand&, ModuleWeights<double>, TorchGenerator&);

}  // namespace attn::tools
