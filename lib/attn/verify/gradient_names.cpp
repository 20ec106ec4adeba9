#include <attn/verify/gradient_names.hpp>

#include <algorithm>

namespace attn {
namespace {

struct Parameter {
  const char* pytorch;  // the end of its name
  std::vector<std::string> ours;
};

// norm2 is the last of an encoder layer, and cross-attention's in a decoder layer, which has a norm3.
const std::vector<Parameter>& parameters() {
  static const std::vector<Parameter> table = {
      {"linear1.weight", {"ffn.d_w_1"}},
      {"linear1.bias", {"ffn.d_b_1"}},
      {"linear2.weight", {"ffn.d_w_2"}},
      {"linear2.bias", {"ffn.d_b_2"}},
      {"multihead_attn.out_proj.weight", {"cross.d_w_o"}},
      {"multihead_attn.out_proj.bias", {"cross.d_b_o"}},
      {"out_proj.weight", {"self.d_w_o", "d_w_o"}},
      {"out_proj.bias", {"self.d_b_o", "d_b_o"}},
      {"multihead_attn.q_proj_weight", {"cross.d_w_q"}},
      {"multihead_attn.k_proj_weight", {"cross.d_w_k"}},
      {"multihead_attn.v_proj_weight", {"cross.d_w_v"}},
      {"multihead_attn.q_proj_bias", {"cross.d_b_q"}},
      {"multihead_attn.k_proj_bias", {"cross.d_b_k"}},
      {"multihead_attn.v_proj_bias", {"cross.d_b_v"}},
      {"q_proj_weight", {"self.d_w_q", "d_w_q"}},
      {"k_proj_weight", {"self.d_w_k", "d_w_k"}},
      {"v_proj_weight", {"self.d_w_v", "d_w_v"}},
      {"q_proj_bias", {"self.d_b_q", "d_b_q"}},
      {"k_proj_bias", {"self.d_b_k", "d_b_k"}},
      {"v_proj_bias", {"self.d_b_v", "d_b_v"}},
      {"norm1.weight", {"self.d_gamma"}},
      {"norm1.bias", {"self.d_beta"}},
      {"norm2.weight", {"cross.d_gamma", "ffn.d_gamma"}},
      {"norm2.bias", {"cross.d_beta", "ffn.d_beta"}},
      {"norm3.weight", {"ffn.d_gamma"}},
      {"norm3.bias", {"ffn.d_beta"}},
  };
  return table;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<std::string> our_gradient_names(const std::string& theirs) {
  const std::string suffix = ".grad";
  if (!ends_with(theirs, suffix)) return {};
  const std::string of = theirs.substr(0, theirs.size() - suffix.size());
  for (const Parameter& parameter : parameters()) {
    const std::size_t length = std::string(parameter.pytorch).size();
    const bool whole_word = of.size() == length || (of.size() > length && of[of.size() - length - 1] == '.');
    if (ends_with(of, parameter.pytorch) && whole_word) return parameter.ours;
  }
  const std::size_t dot = of.rfind('.'), last = dot == std::string::npos ? 0 : dot + 1;
  return {of.substr(0, last) + "d_" + of.substr(last), "d_" + of.substr(last)};
}

std::vector<ForeignTensor> with_packed_maps_apart(std::vector<ForeignTensor> theirs, const NameMap& map) {
  std::vector<ForeignTensor> apart;
  for (ForeignTensor& packed : theirs) {
    const std::string kind = ends_with(packed.name, "in_proj_weight.grad") ? "weight" : ends_with(packed.name, "in_proj_bias.grad") ? "bias" : "";
    Shape shape = packed.tensor.shape();
    const bool is_named = std::any_of(map.begin(), map.end(), [&](const auto& pair) { return pair.first == packed.name; });
    if (kind.empty() || is_named || shape.size() != (kind == "weight" ? 2u : 1u) || shape[0] % 3 != 0) {
      apart.push_back(std::move(packed));
      continue;
    }
    const std::string before = packed.name.substr(0, packed.name.size() - ("in_proj_" + kind + ".grad").size());
    shape[0] /= 3;
    std::size_t first = 0;
    for (const Step step : {Step::q_proj, Step::k_proj, Step::v_proj}) {
      apart.push_back({before + std::string(name_of(step)) + "_" + kind + ".grad", packed.tensor.part(first, shape).in<double>()});
      first += packed.tensor.size() / 3;
    }
  }
  return apart;
}

}  // namespace attn
