#include <attn/cost/machine.hpp>
#include <attn/cost/measure.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace attn::cost;

namespace {

Values sizes() {
  Values values;
  values[Letter::n] = 6;
  values[Letter::d] = 4;
  values[Letter::k] = 3;
  values[Letter::h] = 2;
  return values;
}

}  // namespace

TEST_CASE("a sample repeats short runs, and every run is made: warm-ups, then repetitions") {
  std::size_t runs = 0;
  Repetition repetition;
  repetition.warm_ups = 3;
  repetition.repetitions = 4;
  repetition.shortest = 0;
  CHECK(time_runs([&runs]() { ++runs; }, repetition).size() == 4);
  CHECK(runs == 7);
}

TEST_CASE("every measurable layer runs, and gives times that are not negative") {
  Repetition repetition;
  repetition.repetitions = 2;
  repetition.shortest = 0;
  for (const Layer layer : measurable_layers()) {
    for (const double seconds : time_runs(make_workload(layer, sizes()), repetition)) CHECK(seconds >= 0);
  }
  CHECK_THROWS_AS(make_workload(Layer::linear_attention, sizes()), std::invalid_argument);
}

TEST_CASE("what is counted for a timed run is what it executes") {
  // Two operations a multiply-add: 2·3·6·16 = 576.
  CHECK(measured_flops(Layer::convolution).value(sizes()) == 576);
  // x·W and h·U: 2·2·6·16 = 384, and a sum for each of the 24 states.
  CHECK(measured_flops(Layer::rnn).value(sizes()) == 408);
  // One head, no projections: 2·2·36·4 = 576; scale and two sums for each of the 36 scores: 108.
  CHECK(measured_flops(Layer::self_attention).value(sizes()) == 684);
}

TEST_CASE("the bytes are those of inputs, parameters and everything written") {
  // x 24, kernel 48, patches 72, output 24 numbers
  CHECK(measured_bytes(Layer::convolution).value(sizes()) == 4 * 168);
  // x 24, W and U 32, states 24 numbers
  CHECK(measured_bytes(Layer::rnn).value(sizes()) == 4 * 80);
  // q, k, v, output 96, scores and weights 72 numbers
  CHECK(measured_bytes(Layer::self_attention).value(sizes()) == 4 * 168);
}

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
