#include <attn/shapes/spoken.hpp>

#include <doctest/doctest.h>

using namespace attn::shapes;

TEST_CASE("names say which of query, key and value they are, or nothing") {
  CHECK(spoken_role("queries") == Role::query);
  CHECK(spoken_role("K") == Role::key);
  CHECK(spoken_role("v") == Role::value);
  CHECK(spoken_role("x") == Role::other);
  CHECK(spoken_role("Value") == Role::other);
}

TEST_CASE("names of sizes and of layers that keep a shape") {
  CHECK(names_the_batch("batch_size"));
  CHECK_FALSE(names_the_batch("L"));
  CHECK(names_the_head_size("d_k"));
  CHECK_FALSE(names_the_head_size("d_v"));
  for (const char* name : {"self.norm1", "nn.Dropout", "F.relu", "dropout"}) CHECK(keeps_the_shape(name));
  for (const char* name : {"nn.Linear", "self.encoder", "flatten", ""}) CHECK_FALSE(keeps_the_shape(name));
}

TEST_CASE("methods of a module that return it") {
  for (const char* method : {"eval", "to", "cuda", "requires_grad_"}) CHECK(returns_the_module(method));
  for (const char* method : {"forward", "state_dict", ""}) CHECK_FALSE(returns_the_module(method));
}

TEST_CASE("the last part of a dotted name") {
  CHECK(last_part("torch.nn.Linear") == "Linear");
  CHECK(last_part("x") == "x");
  CHECK(last_part("").empty());
}
