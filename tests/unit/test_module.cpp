#include <attn/module.hpp>

#include "io/io_testing.hpp"

using namespace attn;
using namespace attn::io;

TEST_CASE("a module is loaded once, from beside the library") {
  void* first = load_module("attnscope_npz");
  CHECK(first != nullptr);
  CHECK(load_module("attnscope_npz") == first);
  CHECK(module_symbol(first, "attnscope_open_zip") != nullptr);
}

TEST_CASE("what is missing is named") {
  const std::string module = error_of([] { load_module("attnscope_absent"); });
  CHECK(contains(module, "system: attnscope_absent: cannot load this part of attnscope: "));
  CHECK(contains(module, "attnscope_absent.so"));
  const std::string symbol = error_of([] { module_symbol(load_module("attnscope_npz"), "absent"); });
  CHECK(contains(symbol, "system: absent: not found in the loaded module"));
}
