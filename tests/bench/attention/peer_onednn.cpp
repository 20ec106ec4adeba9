// Attention by oneDNN's matrix products, 8 heads of 64 in float32, one thread: what one gets who takes the fastest
// products there are and writes the loop over tiles and the online softmax around them. Answers each line
// "N causal|full" with the processor seconds of one run. The softmax is this library's.
#include <attn/ops/fused/softmax.hpp>

#include <dnnl.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace attn::fused;
using L = Lanes<float, 64>;

constexpr std::size_t heads = 8, width = 64;
constexpr std::size_t panel = 256, tile = 512;  // the fastest of the powers of two from 64 to 1024

double processor_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// C [m, n] = alpha·op(A)·op(B) + beta·C, all in rows.
void product(char a_order, const float* a, std::size_t a_width, const float* b, std::size_t m, std::size_t k, float alpha, float beta, float* c) {
  dnnl_sgemm(a_order, 'N', static_cast<dnnl_dim_t>(m), panel, static_cast<dnnl_dim_t>(k), alpha, a,
             static_cast<dnnl_dim_t>(a_width), b, panel, beta, c, panel);
}

struct Panel {
  std::vector<float> queries = std::vector<float>(width * panel);  // [width, panel]
  std::vector<float> scores = std::vector<float>(tile * panel);    // [tile, panel]
  std::vector<float> sums = std::vector<float>(width * panel);     // [width, panel]
  std::vector<float> max = std::vector<float>(panel), sum = max, factor = max;
};

void hide_future(Panel& p, std::size_t first_query, std::size_t first_key, std::size_t keys) {
  for (std::size_t j = 0; j < keys; ++j) {
    const std::size_t key = first_key + j, hidden = key > first_query ? std::min(key - first_query, panel) : 0;
    std::fill_n(p.scores.data() + j * panel, hidden, -std::numeric_limits<float>::infinity());
  }
}

void attend(Panel& p, const float* x, std::size_t length, std::size_t begin, bool causal, float* output) {
  const std::size_t count = std::min(panel, length - begin);
  for (std::size_t d = 0; d < width; ++d) {
    for (std::size_t i = 0; i < panel; ++i) p.queries[d * panel + i] = i < count ? x[(begin + i) * width + d] : 0;
  }
  std::fill(p.sums.begin(), p.sums.end(), 0.0f);
  std::fill(p.sum.begin(), p.sum.end(), 0.0f);
  std::fill(p.max.begin(), p.max.end(), -std::numeric_limits<float>::infinity());
  const std::size_t end = causal ? begin + count : length;
  for (std::size_t first = 0; first < end; first += tile) {
    const std::size_t keys = std::min(tile, end - first);
    product('N', x + first * width, width, p.queries.data(), keys, width, 0.125f, 0, p.scores.data());
    if (causal && first + keys > begin + 1) hide_future(p, begin, first, keys);
    softmax_tile<L, 4>(p.scores.data(), keys, panel, {p.max.data(), p.sum.data(), p.factor.data()});
    for (std::size_t d = 0; d < width; ++d) {
      for (std::size_t i = 0; i < panel; ++i) p.sums[d * panel + i] *= p.factor[i];
    }
    product('T', x + first * width, width, p.scores.data(), width, keys, 1, 1, p.sums.data());
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t d = 0; d < width; ++d) output[(begin + i) * width + d] = p.sums[d * panel + i] / p.sum[i];
  }
}

double seconds(std::size_t length, bool causal) {
  static std::vector<float> x, output;
  if (x.size() != heads * length * width) {
    std::minstd_rand engine(1);
    std::normal_distribution<float> normal;
    x.resize(heads * length * width);
    output.resize(x.size());
    for (float& value : x) value = normal(engine);
  }
  Panel p;
  const double begin = processor_seconds();
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t first = 0; first < length; first += panel) {
      attend(p, x.data() + h * length * width, length, first, causal, output.data() + h * length * width);
    }
  }
  return processor_seconds() - begin;
}

}  // namespace

int main() {
  std::size_t length = 0;
  std::string mask;
  while (std::cin >> length >> mask) std::cout << seconds(length, mask == "causal") << std::endl;
}
