#include <attn/io/memory_limit.hpp>

#include "io_testing.hpp"

using namespace attn::io;

TEST_CASE("the default is no limit, but the address space remains one") {
  CHECK_NOTHROW(MemoryLimit().check("x", std::size_t{1} << 60));
  CHECK(error_of([] { MemoryLimit().check("x", std::size_t{1} << 62, 8); }) ==
        "limit: x: needs 4611686018427387904 times 8 bytes, more than can be addressed");
}

TEST_CASE("a limit is what may still be taken") {
  CHECK(MemoryLimit(16).bytes() == 16);
  CHECK_NOTHROW(MemoryLimit(16).check("x", 2, 8));
  CHECK(error_of([] { MemoryLimit(16).check("x", 17); }) ==
        "limit: x: needs 17 bytes of memory, the limit is 16");
}
