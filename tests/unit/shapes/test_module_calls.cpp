#include <attn/shapes/module_calls.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::shapes;

namespace {

CallArgument tensor(const char* keyword, Shape shape, const char* source) { return {keyword, tensor_value(std::move(shape)), source}; }

Bound bound_to(const Api& api, const std::vector<CallArgument>& arguments) {
  std::vector<Finding> findings;
  return bind_arguments(api, api.forward, arguments, findings);
}

}  // namespace

TEST_CASE("an argument that is the same tensor as the one before it is left empty") {
  const Api& torch = *find_api("nn.MultiheadAttention");
  const ModuleCall self = shapes_of(bound_to(torch, {tensor("", {5, 2, 8}, "x"), tensor("", {5, 2, 8}, "x"), tensor("", {5, 2, 8}, "x")}));
  CHECK(self.query == Shape{5, 2, 8});
  CHECK(self.key.empty());
  CHECK(self.value.empty());
  const ModuleCall cross = shapes_of(bound_to(torch, {tensor("", {5, 2, 8}, "x"), tensor("", {6, 2, 8}, "m"), tensor("", {6, 2, 8}, "m")}));
  CHECK(cross.key == Shape{6, 2, 8});
  CHECK(cross.value.empty());
}

TEST_CASE("masks are bound by keyword, and Keras's key is its value") {
  const Api& torch = *find_api("nn.MultiheadAttention");
  CHECK(shapes_of(bound_to(torch, {tensor("attn_mask", {5, 5}, "m")})).attn_mask == Shape{5, 5});
  CHECK_FALSE(shapes_of(bound_to(torch, {})).attn_mask);
  const Api& keras = *find_api("keras.layers.MultiHeadAttention");
  CHECK(shapes_of(bound_to(keras, {tensor("", {2, 5, 8}, "q"), tensor("", {2, 6, 8}, "v")})).key == Shape{2, 6, 8});
}

TEST_CASE("sources that are given but not known are open") {
  const Api& torch = *find_api("nn.MultiheadAttention");
  const std::vector<CallArgument> arguments = {tensor("", {5, 2, 8}, "x"), {"", Value{}, "memory"}, {"", Value{}, "memory"}};
  CHECK(open_sources(torch, bound_to(torch, arguments), arguments) == std::set<Role>{Role::key, Role::value});
  const std::vector<CallArgument> unpacked = {tensor("", {5, 2, 8}, "x"), {"", Value{}, "**sources", true}};
  CHECK(open_sources(torch, bound_to(torch, unpacked), unpacked) == std::set<Role>{Role::key, Role::value});
  const std::vector<CallArgument> self = {{"", Value{}, "x"}, {"", Value{}, "x"}, {"", Value{}, "x"}};  // then as the query is
  CHECK(open_sources(torch, bound_to(torch, self), self) == std::set<Role>{Role::query});
  const std::vector<CallArgument> known = {tensor("", {5, 2, 8}, "x")};
  CHECK(open_sources(torch, bound_to(torch, known), known).empty());
}

TEST_CASE("the result has the query's leading axes and the module's width, in a tuple for PyTorch") {
  ModuleConfig config;
  config.d_model = 8;
  const Value torch = result_of(*find_api("nn.MultiheadAttention"), config, {{5, 2, 3}, {}, {}, {}, {}}, 4);
  REQUIRE(torch.kind == Value::Kind::tuple);
  CHECK(torch.items[0].shape == Shape{5, 2, 8});
  CHECK(torch.items[0].call == 4);
  CHECK(result_of(*find_api("d2l.MultiHeadAttention"), config, {{5, 2, 3}, {}, {}, {}, {}}, 4).kind == Value::Kind::tensor);
  CHECK(result_of(*find_api("d2l.MultiHeadAttention"), config, {}, 4).kind == Value::Kind::unknown);
}

TEST_CASE("names that say another order than the API's are found in calls and in definitions") {
  const Api& torch = *find_api("nn.MultiheadAttention");
  const auto order = argument_order(torch, {tensor("", {}, "value"), tensor("", {}, "key"), tensor("", {}, "query")}, "attn");
  REQUIRE(order);
  CHECK(order->values.at("found") == "value, key, query");
  CHECK(order->values.at("expected") == "query, key, value");
  CHECK_FALSE(argument_order(torch, {tensor("", {}, "x"), tensor("", {}, "x"), tensor("", {}, "x")}, "attn"));
  CHECK_FALSE(argument_order(torch, {tensor("key", {}, "value")}, "attn"));
  CHECK(definition_order({"self", "value", "key", "query", "mask"}));
  CHECK_FALSE(definition_order({"self", "query", "key", "value"}));
  CHECK_FALSE(definition_order({"self", "x"}));
}

TEST_CASE("a query that is a transposed matrix is told from one that is none") {
  const Api& torch = *find_api("nn.MultiheadAttention");
  CallArgument query = tensor("", {5, 8}, "x.T");
  CHECK_FALSE(transposed_away(bound_to(torch, {query})));
  query.value.before = Shape{8, 5};
  const auto finding = transposed_away(bound_to(torch, {query}));
  REQUIRE(finding);
  CHECK(finding->subject == "x.T");
  CHECK(finding->values.at("found") == "(8, 5)");
}

TEST_CASE("linear maps and embeddings are known by the width they return") {
  CHECK(made_map("nn.Linear", {{"", number_value(3), "3"}, {"", number_value(8), "8"}}).number == 8);
  CHECK(made_map("nn.Embedding", {{"", number_value(50), "50"}, {"", Value{}, "d"}}).number == 0);
  CHECK(made_map("nn.LayerNorm", {{"", number_value(3), "3"}}).kind == Value::Kind::unknown);
}
