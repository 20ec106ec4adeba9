#include "kernel_checks.hpp"

using namespace attn::fused;

TEST_CASE("the generic kernel in float32 does what plain loops do") { check_kernel<float>(InstructionSet::generic); }
TEST_CASE("the generic kernel in float64 does what plain loops do") { check_kernel<double>(InstructionSet::generic); }
