#include <attn/cost/measure.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

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

TEST_CASE("every run is made: warm-ups of each case first, then the cases in turn, round after round") {
  std::string order;
  Repetition repetition;
  repetition.warm_ups = 2;
  repetition.repetitions = 3;
  repetition.shortest = 0;
  const auto samples = time_cases({{[&] { order += 'p'; }, [&] { order += 'a'; }}, {{}, [&] { order += 'b'; }}}, repetition);
  CHECK(order == "paabb" "pab" "pab" "pab");
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].size() == 3);
}

TEST_CASE("a sample repeats a short run until it lasts, and progress is told of every sample") {
  std::size_t runs = 0, told = 0;
  Repetition repetition;
  repetition.warm_ups = 1;
  repetition.repetitions = 2;
  repetition.shortest = 1e-3;
  time_cases({{{}, [&] { ++runs; }}}, repetition, [&](std::size_t index) { told += index + 1; });
  CHECK(runs > 100);  // a run that does nothing takes far less than 10 µs
  CHECK(told == 3);
}

TEST_CASE("every measurable layer runs, and gives times that are not negative") {
  Repetition repetition;
  repetition.repetitions = 2;
  repetition.shortest = 0;
  for (const Layer layer : measurable_layers()) {
    const auto samples = time_cases({{{}, make_workload(layer, sizes())}}, repetition);
    for (const double seconds : samples.front()) CHECK(seconds >= 0);
  }
  CHECK_THROWS_AS(make_workload(Layer::cross_attention, sizes()), std::invalid_argument);
}

TEST_CASE("the default widths span a factor of eight, and their largest map fits the cache three times") {
  CHECK(default_widths(std::size_t{32} << 20).back() == 1536);  // 4·1536² = 9 MiB; 4·2048² = 16 MiB
  CHECK(default_widths(std::size_t{8} << 20).back() == 768);    // 2.25 MiB; 4 MiB
  CHECK(default_widths(std::size_t{12} << 20).back() == 1024);  // exactly 4 MiB
  CHECK(default_widths(0).back() == 512);
  const std::vector<Count> widths = default_widths(0);
  CHECK(widths.back() == 8 * widths.front());
  CHECK(widths.size() >= 4);
}

TEST_CASE("what is counted for a timed run is what it executes") {
  // Two operations a multiply-add: 2·3·6·16 = 576.
  CHECK(measured_flops(Layer::convolution).value(sizes()) == 576);
  // x·W and h·U: 2·2·6·16 = 384, and a sum for each of the 24 states.
  CHECK(measured_flops(Layer::rnn).value(sizes()) == 408);
  // One head, no projections: 2·2·36·4 = 576; scale and two sums for each of the 36 scores: 108.
  CHECK(measured_flops(Layer::self_attention).value(sizes()) == 684);
  // One head: φ(K)ᵀ·V and φ(Q)·S 2·2·6·16 = 384; φ(q)·z 2·24; the sum in each of 48 features, and Σφ(k) 24.
  CHECK(measured_flops(Layer::linear_attention).value(sizes()) == 384 + 48 + 48 + 24);
}

TEST_CASE("the bytes are those of inputs, parameters and everything written") {
  // x 24, kernel 48, patches 72, output 24 numbers
  CHECK(measured_bytes(Layer::convolution).value(sizes()) == 4 * 168);
  // x 24, W and U 32, states 24 numbers
  CHECK(measured_bytes(Layer::rnn).value(sizes()) == 4 * 80);
  // q, k, v, output 96, scores and weights 72 numbers
  CHECK(measured_bytes(Layer::self_attention).value(sizes()) == 4 * 168);
  // q, k, v, output 96, features 48, S 16, z 4, denominators 6 numbers
  CHECK(measured_bytes(Layer::linear_attention).value(sizes()) == 4 * 170);
}
