#include <attn/ops/fused/instruction_set.hpp>

#include <doctest/doctest.h>

using namespace attn::fused;

TEST_CASE("the generic instruction set is available everywhere, and first") {
  CHECK(available(InstructionSet::generic));
  CHECK(available_sets().front() == InstructionSet::generic);
}

TEST_CASE("the widest set is the last of those available") {
  CHECK(available(widest_set()));
  CHECK(available_sets().back() == widest_set());
}

TEST_CASE("instruction sets have names") {
  CHECK(name_of(InstructionSet::generic) == "generic");
  CHECK(name_of(InstructionSet::avx2) == "avx2");
  CHECK(name_of(InstructionSet::avx512) == "avx512");
}
