#include "kernel_checks.hpp"

using namespace attn::fused;

TEST_CASE("the avx2 kernel in float32 does what plain loops do") { check_kernel<float>(InstructionSet::avx2); }
TEST_CASE("the avx2 kernel in float64 does what plain loops do") { check_kernel<double>(InstructionSet::avx2); }
