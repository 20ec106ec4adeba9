#include <attn/ops/fused/kernel.hpp>

#include <doctest/doctest.h>

using namespace attn::fused;

// Registers of 16, 32 and 64 bytes.
TEST_CASE("each instruction set has the kernel of its register width") {
  CHECK(kernel_for<float>(InstructionSet::generic).lanes == 4);
  CHECK(kernel_for<double>(InstructionSet::generic).lanes == 2);
#if defined(__x86_64__)
  CHECK(kernel_for<float>(InstructionSet::avx2).lanes == 8);
  CHECK(kernel_for<double>(InstructionSet::avx2).lanes == 4);
  CHECK(kernel_for<float>(InstructionSet::avx512).lanes == 16);
  CHECK(kernel_for<double>(InstructionSet::avx512).lanes == 8);
#endif
}
