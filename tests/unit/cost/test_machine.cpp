#include <attn/cost/machine.hpp>

#include <doctest/doctest.h>

using namespace attn::cost;

TEST_CASE("the machine says who it is") {
  const Machine machine = describe_machine();
  CHECK(machine.cores >= 1);
  CHECK_FALSE(machine.compiler.empty());
  CHECK_FALSE(machine.blas.empty());
  Machine quiet;
  quiet.cores = 4;
  quiet.load = 0.3;
  CHECK_FALSE(quiet.busy());
  quiet.load = 0.5;
  CHECK(quiet.busy());
}

TEST_CASE("a machine that does not tell its load is not called busy") {
  Machine machine;
  machine.load = -1;
  CHECK_FALSE(machine.busy());
}
