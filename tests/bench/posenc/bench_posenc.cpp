// The table for 100 000 positions and 512 columns in float32, in one thread, beside filling as much fresh
// memory: pages that the kernel has not handed out yet. Nothing that returns such a table can be faster. The
// two take turns inside every iteration, so that whatever else the machine does meets both alike.
#include <attn/ops/position.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace {

constexpr std::size_t len = 100000, width = 512, bytes = len * width * sizeof(float);

// Pages straight from the kernel, given back at the end: what malloc does for a table of this size.
class FreshMemory {
 public:
  FreshMemory() : pages_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (pages_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~FreshMemory() { munmap(pages_, bytes); }
  FreshMemory(const FreshMemory&) = delete;
  FreshMemory& operator=(const FreshMemory&) = delete;
  void* data() const { return pages_; }

 private:
  void* pages_;
};

template <class Run>
double seconds(Run&& run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

// Counters: the medians in milliseconds, and how often the fill fits into the table's time.
void table_float32(benchmark::State& state) {
  attn::SinusoidalOptions options;
  options.d_model = width;
  std::vector<double> fills, tables;
  for (auto _ : state) {
    fills.push_back(seconds([] {
      const FreshMemory memory;
      std::memset(memory.data(), 1, bytes);
      benchmark::DoNotOptimize(memory.data());
    }));
    tables.push_back(seconds([&options] {
      const attn::Tensor<float> table = attn::sinusoidal<float>(len, options);
      benchmark::DoNotOptimize(table.data());
    }));
    state.SetIterationTime(tables.back());
  }
  state.counters["fill_ms"] = 1e3 * median(fills);
  state.counters["table_ms"] = 1e3 * median(tables);
  state.counters["ratio"] = median(tables) / median(fills);
}

BENCHMARK(table_float32)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(15);

}  // namespace

BENCHMARK_MAIN();
