// Runs what it is told to, one line at a time, and answers each with the seconds it took, so that another program
// can let it take turns with others:
//
//     fused N causal|full THREADS   attention, 8 heads of 64 in float32, by the fused path
//     peak                          GFLOP/s of fused multiply-adds on registers alone, one thread
//     copy                          bytes a second of a copy beyond all caches, read and written
//     memory N                      attention, one head of 64, once: for the most memory it takes
//
// Seconds are those of the processor for one thread, whatever else the machine does meanwhile, and those of the
// clock for more.
#include <attn/ops/fused/fused_attention.hpp>

#include <chrono>
#include <cstring>
#include <ctime>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {

using attn::Tensor;

double processor_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Tensor<float> random_tensor(const attn::Shape& shape) {
  std::minstd_rand engine(1);
  std::normal_distribution<float> normal;
  Tensor<float> tensor = attn::empty<float>(shape);
  for (float& value : tensor.storage()) value = normal(engine);
  return tensor;
}

double attention_seconds(std::size_t heads, std::size_t length, bool causal, std::size_t threads) {
  static Tensor<float> x;
  const attn::Shape shape = {1, heads, length, 64};
  if (attn::shape_of(x) != shape) x = random_tensor(shape);
  attn::AttentionOptions<float> options;
  options.mask.causal = causal;
  const auto now = threads == 1 ? processor_seconds : clock_seconds;
  const double begin = now();
  attn::fused_attention(x, x, x, options, {threads, {}});
  return now() - begin;
}

// Twelve sums at once: more than the latency of a multiply-add times the number that start in a cycle.
template <int bytes>
[[gnu::always_inline]] inline double flops_per_second() {
  typedef float Vector __attribute__((vector_size(bytes)));
  Vector sum[12] = {};
  Vector factor = Vector{} + 0.999f, term = Vector{} + 1e-3f;
  asm volatile("" : "+m"(factor), "+m"(term));
  constexpr long rounds = 2000000;
  const double begin = processor_seconds();
  for (long i = 0; i < rounds; ++i) {
    for (Vector& s : sum) s = s * factor + term;
  }
  const double seconds = processor_seconds() - begin;
  for (Vector& s : sum) asm volatile("" : : "m"(s));
  return 2.0 * 12 * bytes / sizeof(float) * rounds / seconds;
}

#if defined(__x86_64__)
[[gnu::target("avx512f,fma"), gnu::optimize("fp-contract=fast")]] double peak_512() { return flops_per_second<64>(); }
[[gnu::target("avx2,fma"), gnu::optimize("fp-contract=fast")]] double peak_256() { return flops_per_second<32>(); }
#endif

double peak() {
#if defined(__x86_64__)
  if (attn::fused::available(attn::fused::InstructionSet::avx512)) return peak_512();
  if (attn::fused::available(attn::fused::InstructionSet::avx2)) return peak_256();
#endif
  return flops_per_second<16>();
}

double copied_bytes_per_second() {
  static std::vector<char> from(256u << 20, 1), to(256u << 20);
  const double begin = processor_seconds();
  std::memcpy(to.data(), from.data(), from.size());
  return 2 * static_cast<double>(from.size()) / (processor_seconds() - begin);
}

double answer(const std::string& line) {
  std::istringstream words(line);
  std::string what, mask;
  std::size_t length = 0, threads = 1;
  words >> what;
  if (what == "peak") return peak();
  if (what == "copy") return copied_bytes_per_second();
  words >> length >> mask >> threads;
  return attention_seconds(what == "memory" ? 1 : 8, length, mask == "causal", threads);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(line) << std::endl;
}
