// How many values a second of processor time the writers of CSV turn into text, whatever number of threads they
// use. The text is counted and dropped, so that this measures the digits and not the disk.
#include <attn/render/csv.hpp>
#include <attn/tensor.hpp>

#include <benchmark/benchmark.h>

#include <random>
#include <string_view>
#include <vector>

namespace {

using namespace attn;

class Counter : public render::Output {
 public:
  void write(std::string_view text) override { bytes_ += text.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

constexpr std::size_t rows = 1000, columns = 1000;

// Of full precision: a float widened to double would have few digits to write.
template <class T>
std::vector<T> normal_numbers() {
  std::mt19937_64 engine(0);
  std::normal_distribution<T> normal;
  std::vector<T> values(rows * columns);
  for (T& value : values) value = normal(engine);
  return values;
}

template <class T>
void matrix(benchmark::State& state) {
  const std::vector<T> values = normal_numbers<T>();
  Counter output;
  for (auto _ : state) render::write_csv_matrix(output, TensorView(precision_of<T>(), {rows, columns}, values.data()), {});
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(output.bytes()));
}
BENCHMARK_TEMPLATE(matrix, double)->MeasureProcessCPUTime();
BENCHMARK_TEMPLATE(matrix, float)->MeasureProcessCPUTime();

template <class T>
void tidy(benchmark::State& state) {
  const std::vector<T> values = normal_numbers<T>();
  Counter output;
  for (auto _ : state) {
    render::TidyCsv csv(output, {});
    csv.add("scores_raw", {"B", "H", "Lq", "Lk"}, TensorView(precision_of<T>(), {10, 10, 100, 100}, values.data()));
    csv.finish();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(values.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(output.bytes()));
}
BENCHMARK_TEMPLATE(tidy, double)->MeasureProcessCPUTime();
BENCHMARK_TEMPLATE(tidy, float)->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();
