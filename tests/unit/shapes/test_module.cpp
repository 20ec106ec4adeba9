#include <attn/shapes/module.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace attn;
using namespace attn::shapes;

TEST_CASE("sizes that are not given follow from the others") {
  ModuleConfig config;
  config.d_model = 12;
  config.heads = 3;
  const ModuleConfig full = with_defaults(config);
  CHECK(full.head_dim == 4);
  CHECK(full.value_dim == 4);
  CHECK(full.kv_heads == 3);
  CHECK(full.key_width == 12);
  config.heads = 5;  // 12 / 5 is no size
  CHECK(with_defaults(config).head_dim == 0);
  CHECK(with_defaults(ModuleConfig{}).head_dim == 0);
}

TEST_CASE("a key that is not given is the query, a value the key") {
  const ModuleCall call = with_defaults(ModuleCall{{5, 8}, {6, 8}, {}, {}, {}});
  CHECK(call.value == Shape{6, 8});
  CHECK(with_defaults(ModuleCall{{5, 8}, {}, {}, {}, {}}).key == Shape{5, 8});
}

TEST_CASE("only PyTorch's modules put positions first, unless told otherwise") {
  ModuleConfig config;
  CHECK_FALSE(batch_comes_first(config));
  config.batch_first = true;
  CHECK(batch_comes_first(config));
  config.batch_first = false;
  config.impl = Impl::d2l;
  CHECK(batch_comes_first(config));
}

TEST_CASE("the letters of a call by the order of its axes") {
  ModuleConfig config;
  config.d_model = 8;
  config.heads = 2;
  const Sizes sequence_first = letters_of(config, {{5, 3, 8}, {7, 3, 8}, {}, {}, {}});
  CHECK(sequence_first.query_len == 5);
  CHECK(sequence_first.key_len == 7);
  CHECK(sequence_first.batch == 3);
  config.batch_first = true;
  CHECK(letters_of(config, {{5, 3, 8}, {}, {}, {}, {}}).batch == 5);
  CHECK(letters_of(config, {{5, 8}, {}, {}, {}, {}}).batch == 1);
  config.impl = Impl::sdpa;
  const Sizes bare = letters_of(config, {{2, 6, 5, 4}, {2, 3, 7, 4}, {2, 3, 7, 9}, {}, {}});
  CHECK(bare.heads == 6);
  CHECK(bare.kv_heads == 3);
  CHECK(bare.value_dim == 9);
}

TEST_CASE("every implementation has one row and a name of its own") {
  std::set<std::string_view> names;
  for (const ImplRow& row : impl_table()) {
    CHECK(names.insert(row.name).second);
    CHECK(impl_row(row.impl).name == row.name);
  }
}
