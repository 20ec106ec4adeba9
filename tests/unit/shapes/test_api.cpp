#include <attn/shapes/api.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace attn::shapes;

namespace {

std::string parameters_of(const Api* api) {
  std::string text;
  for (const Parameter& parameter : api->constructor) text += std::string(parameter.name) + " ";
  return text;
}

}  // namespace

TEST_CASE("a class is found under its short and its long name, and nothing else is") {
  CHECK(find_api("MultiheadAttention")->name == "nn.MultiheadAttention");
  CHECK(find_api("torch.nn.MultiheadAttention")->name == "nn.MultiheadAttention");
  CHECK(find_api("tf.keras.layers.MultiHeadAttention")->name == "keras.layers.MultiHeadAttention");
  CHECK(find_api("d2l.MultiHeadAttention")->name == "d2l.MultiHeadAttention");
  for (const char* name : {"nn.Linear", "MyMultiheadAttention", "", "MultiheadAttention.forward"}) CHECK(find_api(name) == nullptr);
}

TEST_CASE("of the classes that share a name, the one that takes the arguments") {
  // d2l 0.17 has three widths first, d2l 1.0 has not; Keras uses the same class name.
  CHECK(parameters_of(find_api("d2l.MultiHeadAttention", 6, {})).rfind("key_size ", 0) == 0);
  CHECK(parameters_of(find_api("d2l.MultiHeadAttention", 3, {})).rfind("num_hiddens ", 0) == 0);
  CHECK(find_api("MultiHeadAttention", 0, {"num_heads", "key_dim"})->name == "keras.layers.MultiHeadAttention");
  CHECK(find_api("MultiHeadAttention", 6, {})->name == "d2l.MultiHeadAttention");
  CHECK(find_api("MultiHeadAttention", 0, {"nonsense"})->name == "keras.layers.MultiHeadAttention");
}

TEST_CASE("a wrong keyword has a meaning if another API knows it") {
  CHECK(role_of("nhead") == Role::heads);
  CHECK(role_of("n_embd") == Role::d_model);
  CHECK(role_of("num_hiddens") == Role::d_model);
  CHECK(role_of("colour") == Role::other);
  CHECK(name_of(find_api("nn.Transformer")->constructor, Role::heads) == "nhead");
  CHECK(name_of(find_api("nn.Transformer")->constructor, Role::other).empty());
}

TEST_CASE("a call is written with the names of its own API") {
  ModuleConfig config;
  config.d_model = 12;
  config.heads = 3;
  config.batch_first = true;
  CHECK(constructor_call(*find_api("nn.MultiheadAttention"), config) == "nn.MultiheadAttention(embed_dim=12, num_heads=3, batch_first=True)");
  config.batch_first = false;
  CHECK(constructor_call(*find_api("nn.Transformer"), config) == "nn.Transformer(d_model=12, nhead=3)");
  CHECK(constructor_call(*find_api("d2l.MultiHeadAttention"), config) == "d2l.MultiHeadAttention(num_hiddens=12, num_heads=3, dropout=0)");
}

TEST_CASE("every implementation but the bare product has a class, and no class repeats a parameter") {
  for (const ImplRow& row : impl_table()) {
    if (row.impl != Impl::sdpa) CHECK_FALSE(constructor_name(row.impl, Role::d_model).empty());
  }
  for (const Api& api : api_table()) {
    for (const auto* parameters : {&api.constructor, &api.forward}) {
      std::set<std::string_view> names;
      for (const Parameter& parameter : *parameters) CHECK(names.insert(parameter.name).second);
    }
    CHECK(api.required <= api.constructor.size());
  }
}
