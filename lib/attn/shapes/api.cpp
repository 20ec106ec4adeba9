#include <attn/shapes/api.hpp>

#include <algorithm>

namespace attn::shapes {
namespace {

using R = Role;

const std::vector<Parameter> torch_forward = {{"query", R::query},         {"key", R::key},
                                              {"value", R::value},         {"key_padding_mask", R::key_padding_mask},
                                              {"need_weights", R::other},  {"attn_mask", R::attn_mask},
                                              {"average_attn_weights", R::other}, {"is_causal", R::other}};

const std::vector<Parameter> d2l_forward = {{"queries", R::query}, {"keys", R::key}, {"values", R::value}, {"valid_lens", R::other}};

std::vector<Parameter> torch_layer() {
  return {{"d_model", R::d_model},   {"nhead", R::heads},          {"dim_feedforward", R::ffn},
          {"dropout", R::dropout},   {"activation", R::other},     {"layer_norm_eps", R::other},
          {"batch_first", R::batch_first}, {"norm_first", R::other}, {"bias", R::bias},
          {"device", R::other},      {"dtype", R::other}};
}

/// How many letters of the name a spelling of this class covers, from its end and from a dot on; 0 for none.
std::size_t matched_length(const Api& api, std::string_view dotted_name) {
  std::size_t longest = 0;
  for (const std::string_view spelling : api.spellings) {
    if (dotted_name.size() < spelling.size()) continue;
    const std::size_t start = dotted_name.size() - spelling.size();
    const bool whole = start == 0 || dotted_name[start - 1] == '.';
    if (whole && dotted_name.substr(start) == spelling) longest = std::max(longest, spelling.size());
  }
  return longest;
}

/// The classes that the name fits best, in the order of the table.
std::vector<const Api*> named(std::string_view dotted_name) {
  std::size_t longest = 1;
  std::vector<const Api*> found;
  for (const Api& api : api_table()) {
    const std::size_t length = matched_length(api, dotted_name);
    if (length < longest) continue;
    if (length > longest) found.clear();
    longest = length;
    found.push_back(&api);
  }
  return found;
}

bool takes(const Api& api, std::size_t positional, const std::vector<std::string>& keywords) {
  const std::size_t given = positional + keywords.size();
  if (given < api.required || given > api.constructor.size()) return false;
  return std::all_of(keywords.begin(), keywords.end(), [&](const std::string& keyword) {
    return std::any_of(api.constructor.begin(), api.constructor.end(), [&](const Parameter& p) { return p.name == keyword; });
  });
}

}  // namespace

const std::vector<Api>& api_table() {
  static const std::vector<Api> table = {
      {"nn.MultiheadAttention", {"MultiheadAttention"}, Impl::torch,
       {{"embed_dim", R::d_model}, {"num_heads", R::heads}, {"dropout", R::dropout}, {"bias", R::bias},
        {"add_bias_kv", R::bias_kv}, {"add_zero_attn", R::zero_attn}, {"kdim", R::key_width},
        {"vdim", R::value_width}, {"batch_first", R::batch_first}, {"device", R::other}, {"dtype", R::other}},
       2, torch_forward, true},
      {"nn.TransformerEncoderLayer", {"TransformerEncoderLayer"}, Impl::encoder_layer, torch_layer(), 2,
       {{"src", R::query}, {"src_mask", R::attn_mask}, {"src_key_padding_mask", R::key_padding_mask},
        {"is_causal", R::other}}, false},
      {"nn.TransformerDecoderLayer", {"TransformerDecoderLayer"}, Impl::decoder_layer, torch_layer(), 2,
       {{"tgt", R::query}, {"memory", R::key}, {"tgt_mask", R::attn_mask}, {"memory_mask", R::other},
        {"tgt_key_padding_mask", R::other}, {"memory_key_padding_mask", R::key_padding_mask}}, false},
      {"nn.Transformer", {"nn.Transformer"}, Impl::transformer,
       {{"d_model", R::d_model}, {"nhead", R::heads}, {"num_encoder_layers", R::encoder_layers},
        {"num_decoder_layers", R::decoder_layers}, {"dim_feedforward", R::ffn}, {"dropout", R::dropout},
        {"activation", R::other}, {"custom_encoder", R::other}, {"custom_decoder", R::other},
        {"layer_norm_eps", R::other}, {"batch_first", R::batch_first}, {"norm_first", R::other},
        {"bias", R::bias}, {"device", R::other}, {"dtype", R::other}}, 0,
       {{"src", R::key}, {"tgt", R::query}, {"src_mask", R::other}, {"tgt_mask", R::attn_mask}}, false},
      {"d2l.MultiHeadAttention", {"d2l.MultiHeadAttention"}, Impl::d2l,
       {{"num_hiddens", R::d_model}, {"num_heads", R::heads}, {"dropout", R::dropout}, {"bias", R::bias}}, 3,
       d2l_forward, false},
      // Before its version 1.0, and in the Chinese book: three widths first.
      {"d2l.MultiHeadAttention", {"d2l.MultiHeadAttention", "MultiHeadAttention"}, Impl::d2l,
       {{"key_size", R::key_width}, {"query_size", R::query_width}, {"value_size", R::value_width}, {"num_hiddens", R::d_model},
        {"num_heads", R::heads}, {"dropout", R::dropout}, {"bias", R::bias}}, 6, d2l_forward, false},
      {"MultiHeadSelfAttention", {"MultiHeadSelfAttention"}, Impl::linear,
       {{"d_model", R::d_model}, {"num_heads", R::heads}}, 2, {{"x", R::query}, {"mask", R::attn_mask}}, false},
      {"SelfAttention", {"SelfAttention"}, Impl::shared_head,
       {{"embed_size", R::d_model}, {"heads", R::heads}}, 2,
       {{"values", R::value}, {"keys", R::key}, {"query", R::query}, {"mask", R::attn_mask}}, false},
      {"keras.layers.MultiHeadAttention", {"layers.MultiHeadAttention", "MultiHeadAttention"}, Impl::d2l,
       {{"num_heads", R::heads}, {"key_dim", R::key_dim}, {"value_dim", R::value_dim}, {"dropout", R::dropout},
        {"use_bias", R::bias}, {"output_shape", R::d_model}, {"attention_axes", R::other}}, 2,
       {{"query", R::query}, {"value", R::value}, {"key", R::key}, {"attention_mask", R::attn_mask},
        {"return_attention_scores", R::other}, {"training", R::other}, {"use_causal_mask", R::other}}, false},
  };
  return table;
}

const Api* find_api(std::string_view dotted_name) {
  const std::vector<const Api*> found = named(dotted_name);
  return found.empty() ? nullptr : found.front();
}

const Api* find_api(std::string_view dotted_name, std::size_t positional, const std::vector<std::string>& keywords) {
  const std::vector<const Api*> found = named(dotted_name);
  const auto fits = std::find_if(found.begin(), found.end(), [&](const Api* api) { return takes(*api, positional, keywords); });
  if (fits != found.end()) return *fits;
  // None takes these arguments: the one that needs the fewest is the one that is best known.
  const auto least = std::min_element(found.begin(), found.end(), [](const Api* a, const Api* b) { return a->required < b->required; });
  return least == found.end() ? nullptr : *least;
}

std::string constructor_call(const Api& api, const ModuleConfig& config) {
  const ModuleConfig m = with_defaults(config);
  std::string text;
  for (std::size_t i = 0; i < api.constructor.size(); ++i) {
    const Parameter& parameter = api.constructor[i];
    const bool size = parameter.role == R::d_model || parameter.role == R::heads || parameter.role == R::key_dim;
    const bool batch_first = parameter.role == R::batch_first && config.batch_first;
    if (!size && !batch_first && i >= api.required) continue;
    std::string value = parameter.role == R::dropout ? "0" : std::to_string(m.d_model);
    if (parameter.role == R::heads) value = std::to_string(m.heads);
    if (parameter.role == R::key_dim) value = std::to_string(m.head_dim);
    if (batch_first) value = "True";
    text += (text.empty() ? "" : ", ") + std::string(parameter.name) + "=" + value;
  }
  return std::string(api.name) + "(" + text + ")";
}

Role role_of(std::string_view name) {
  // What hand-written modules and configuration files call the same things.
  static const std::vector<Parameter> others = {
      {"d_model", R::d_model},       {"hidden_size", R::d_model}, {"n_embd", R::d_model},   {"dim", R::d_model},
      {"emb_dim", R::d_model},       {"embedding_dim", R::d_model}, {"hidden_dim", R::d_model}, {"nhead", R::heads},
      {"n_heads", R::heads},         {"n_head", R::heads},        {"nheads", R::heads},     {"num_attention_heads", R::heads},
      {"head", R::heads},            {"h", R::heads},             {"dropout_rate", R::dropout}, {"attn_dropout", R::dropout},
      {"p", R::dropout},             {"d_k", R::key_dim},         {"head_dim", R::key_dim}, {"d_v", R::value_dim},
      {"key_size", R::key_width},    {"value_size", R::value_width}, {"mask", R::attn_mask}, {"d_ff", R::ffn}};
  for (const Parameter& parameter : others) {
    if (parameter.name == name) return parameter.role;
  }
  for (const Api& api : api_table()) {
    for (const auto* parameters : {&api.constructor, &api.forward}) {
      for (const Parameter& parameter : *parameters) {
        if (parameter.name == name && parameter.role != R::other) return parameter.role;
      }
    }
  }
  return R::other;
}

std::string_view name_of(const std::vector<Parameter>& parameters, Role role) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [role](const Parameter& parameter) { return parameter.role == role; });
  return found == parameters.end() || role == R::other ? std::string_view() : found->name;
}

std::string constructor_name(Impl impl, Role role) {
  const Api* api = find_api(impl_row(impl).python);
  return std::string(api ? name_of(api->constructor, role) : std::string_view());
}

}  // namespace attn::shapes
