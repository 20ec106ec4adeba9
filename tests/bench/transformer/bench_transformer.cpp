// How many tokens a second the trained model of data/ writes, with the cache and without.
#include <attn/model/directory.hpp>
#include <attn/ops/decoding.hpp>

#include <benchmark/benchmark.h>

namespace {

using namespace attn;

template <class T>
void translate(benchmark::State& state, CacheUse cache) {
  const Model<T> model = read_model<T>(ATTNSCOPE_MODEL);
  const StackOptions<T> options = stack_options<T>(model.config, model.config.sizes.max_length);
  const std::vector<std::size_t> source = model.source->encode("三百二十一");
  const GenerationOptions generation{model.config.sizes.max_length, model.config.eos, std::nullopt};
  TorchGenerator random(0);
  std::size_t tokens = 0;
  for (auto _ : state) {
    Decoder<T> decoder(model.weights, options, source, cache);
    tokens += generate(decoder, {*model.config.bos}, generation, random).tokens.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(tokens));
}

void cached_float32(benchmark::State& state) { translate<float>(state, CacheUse::yes); }
void cached_float64(benchmark::State& state) { translate<double>(state, CacheUse::yes); }
void anew_float32(benchmark::State& state) { translate<float>(state, CacheUse::no); }
BENCHMARK(cached_float32);
BENCHMARK(cached_float64);
BENCHMARK(anew_float32);

}  // namespace

BENCHMARK_MAIN();
