#include <attn/io/temporaries.hpp>

#include "io_testing.hpp"

#include <memory>

using namespace attn::io;

TEST_CASE("listed paths are removed, and only those that are still listed") {
  const TemporaryFolder folder;
  const std::string listed = folder.write("listed", "x"), also = folder.write("also", "x");
  const std::string released = folder.write("released", "x"), other = folder.write("other", "x");
  auto first = std::make_unique<TemporaryPath>(released);
  const TemporaryPath second(listed);
  first.reset();
  CHECK(second.path() == listed);
  const TemporaryPath third(also);  // takes over the released entry
  remove_temporaries();
  CHECK_FALSE(std::filesystem::exists(listed));
  CHECK_FALSE(std::filesystem::exists(also));
  CHECK(std::filesystem::exists(released));
  CHECK(std::filesystem::exists(other));
}
