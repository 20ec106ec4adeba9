#include <attn/shapes/one_of.hpp>
#include <attn/shapes/spoken.hpp>

#include <algorithm>
#include <string>

namespace attn::shapes {

bool names_the_batch(std::string_view name) {
  return is_one_of(name, {"N", "B", "b", "bs", "bsz", "batch", "batch_size", "nbatches", "n_batch"});
}

bool names_the_head_size(std::string_view name) { return is_one_of(name, {"d_k", "head_dim", "d_head", "dk", "head_size"}); }

Role spoken_role(std::string_view name) {
  if (is_one_of(name, {"query", "queries", "q", "Q"})) return Role::query;
  if (is_one_of(name, {"key", "keys", "k", "K"})) return Role::key;
  if (is_one_of(name, {"value", "values", "v", "V"})) return Role::value;
  return Role::other;
}

bool keeps_the_shape(std::string_view dotted_name) {
  std::string name(last_part(dotted_name));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const char* part : {"norm", "drop", "pos_enc", "positional_encod"}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return is_one_of(name, {"relu", "gelu", "silu", "tanh", "sigmoid", "softmax", "identity"});
}

bool returns_the_module(std::string_view method) {
  return is_one_of(method, {"eval", "train", "to", "cuda", "cpu", "float", "double", "half", "bfloat16", "requires_grad_"});
}

std::string_view last_part(std::string_view dotted_name) { return dotted_name.substr(dotted_name.rfind('.') + 1); }

}  // namespace attn::shapes
