#include <attn/verify/gradient_names.hpp>

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
      {"q_proj_weight", {"self.d_w_q", "d_w_q"}},
      {"k_proj_weight", {"self.d_w_k", "d_w_k"}},
      {"v_proj_weight", {"self.d_w_v", "d_w_v"}},
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

}  // namespace attn
