// The constructors of attention that people write down, and the names their arguments have in each API.
#pragma once

#include <attn/shapes/module.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// What an argument means, whatever an API calls it.
enum class Role {
  d_model, heads, key_dim, value_dim, dropout, bias, bias_kv, zero_attn, key_width, query_width, value_width, batch_first,
  ffn, encoder_layers, decoder_layers, query, key, value, attn_mask, key_padding_mask, other,
};

/// One argument: its name here, and what it means.
struct Parameter {
  std::string_view name;
  Role role;
};

struct Api {
  std::string_view name;                    ///< "nn.MultiheadAttention"
  std::vector<std::string_view> spellings;  ///< last parts of the name under which it is called
  Impl impl;
  std::vector<Parameter> constructor;       ///< in positional order
  std::size_t required;                     ///< how many of them have no default
  std::vector<Parameter> forward;           ///< in positional order
  bool returns_tuple;                       ///< (output, weights)
};

const std::vector<Api>& api_table();

/// The API whose class is called that ("torch.nn.MultiheadAttention", "MultiheadAttention"); else nullptr.
const Api* find_api(std::string_view dotted_name);

/// The same for a call with so many positional arguments and these keywords. Where several classes share the
/// name (d2l changed its constructor, Keras uses the same word), the first that can take them.
const Api* find_api(std::string_view dotted_name, std::size_t positional, const std::vector<std::string>& keywords);

/// What an argument of that name means in any of the APIs; Role::other for a name that none knows.
Role role_of(std::string_view name);

/// "nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)": the call that makes the module.
std::string constructor_call(const Api& api, const ModuleConfig& config);

/// This API's own name for a role; empty when it has no such argument.
std::string_view name_of(const std::vector<Parameter>& parameters, Role role);

/// What an implementation's constructor calls a role: "embed_dim" for torch's d_model.
std::string constructor_name(Impl impl, Role role);

}  // namespace attn::shapes
