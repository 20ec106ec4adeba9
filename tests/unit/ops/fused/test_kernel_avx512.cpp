#include "kernel_checks.hpp"

using namespace attn::fused;

TEST_CASE("the avx512 kernel in float32 does what plain loops do") { check_kernel<float>(InstructionSet::avx512); }
TEST_CASE("the avx512 kernel in float64 does what plain loops do") { check_kernel<double>(InstructionSet::avx512); }
