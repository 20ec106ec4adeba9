#include <attn/cost/complexity.hpp>

#include <stdexcept>

namespace attn::cost {
namespace {

using Length = std::optional<Count>;

Length one(const Values&) { return Count{1}; }
Length positions(const Values& v) { return v[Letter::n]; }

// One layer carries information `reach` positions on.
Length hops(const Values& v, Count reach) {
  if (v[Letter::n] == 1) return Count{1};
  if (reach == 0) return std::nullopt;
  return ceil_divide(v[Letter::n] - 1, reach);
}
Length contiguous(const Values& v) { return hops(v, v[Letter::k] - 1); }
Length windowed(const Values& v) { return hops(v, v[Letter::r] - 1); }

// Taps 1, a, a², … positions apart in layers 0, 1, 2, …: with a = k the distance n − 1 is a number of L
// digits to base k, each digit the tap that is taken in its layer. A smaller a reaches
// (k − 1)·(1 + a + … + a^(L−1)) positions, without gaps.
Length dilated(const Values& v) {
  const Count n = v[Letter::n], k = v[Letter::k], a = v[Letter::a];
  if (n == 1) return Count{1};
  if (k == 1 || a > k) return std::nullopt;
  if (a == 1) return contiguous(v);
  Count layers = 0, reach = 0, step = 1;
  while (reach < n - 1) {
    reach = add(reach, multiply(k - 1, step));
    step = multiply(step, a);
    ++layers;
  }
  return layers;
}

constexpr PathLength path_one = {"1", "1", "1", "1", one};
constexpr PathLength path_n = {"n", "n", "n", "n", positions};
constexpr PathLength path_contiguous = {"n/k", "n/k", "⌈(n − 1)/(k − 1)⌉", "\\lceil (n-1)/(k-1) \\rceil", contiguous};
constexpr PathLength path_dilated = {"log_k(n)", "\\log_k(n)", "⌈log_k(n)⌉ (a = k)", "\\lceil \\log_k(n) \\rceil",
                                     dilated};
constexpr PathLength path_windowed = {"n/r", "n/r", "⌈(n − 1)/(r − 1)⌉", "\\lceil (n-1)/(r-1) \\rceil", windowed};

std::vector<LayerInfo> make_table() {
  const Polynomial n = Letter::n, m = Letter::m, d = Letter::d, k = Letter::k, r = Letter::r, h = Letter::h,
                   a = Letter::a;
  // Written by attention: q, k, v, the scores, their softmax, the heads' results, the output.
  const Polynomial attention = 5 * n * d + 2 * n * n * h;
  return {
      {Layer::convolution, "convolution", "convolution", k * n * d * d, 1, n, path_contiguous, k * d * d, n * d,
       (k - 1) * d, {true, false, "Vaswani et al. 2017, section 4"}},
      {Layer::dilated_convolution, "dilated convolution", "dilated_convolution", k * n * d * d, 1, n, path_dilated,
       k * d * d, n * d, (k - 1) * a * d, {false, true, "Kalchbrenner et al. 2016 (ByteNet)"}},
      {Layer::rnn, "RNN", "rnn", n * d * d, n, 1, path_n, 2 * d * d, n * d, d, {true, true, "Elman 1990"}},
      {Layer::gru, "GRU", "gru", n * d * d, n, 1, path_n, 6 * d * d, 4 * n * d, d, {false, false, "Cho et al. 2014"}},
      {Layer::lstm, "LSTM", "lstm", n * d * d, n, 1, path_n, 8 * d * d, 6 * n * d, 2 * d,
       {false, false, "Hochreiter and Schmidhuber 1997; Gers et al. 2000"}},
      {Layer::self_attention, "self-attention", "self_attention", n * n * d, 1, n, path_one, 4 * d * d, attention,
       2 * n * d, {true, true, nullptr}},
      {Layer::restricted_attention, "restricted self-attention", "restricted_attention", r * n * d, 1, n,
       path_windowed, 4 * d * d, 5 * n * d + 2 * r * n * h, 2 * r * d, {false, true, nullptr}},
      {Layer::cross_attention, "cross-attention", "cross_attention", n * m * d, 1, n, path_one, 4 * d * d,
       3 * n * d + 2 * m * d + 2 * n * m * h, 2 * m * d, {false, false, "Vaswani et al. 2017, section 3.2.3"}},
      {Layer::linear_attention, "linear attention", "linear_attention", n * d * d / h, 1, n, path_one, 4 * d * d,
       7 * n * d + d * d / h + d, d * d / h + d, {false, false, "Katharopoulos et al. 2020, section 3.2"}},
  };
}

}  // namespace

const std::vector<LayerInfo>& layer_table() {
  static const std::vector<LayerInfo> table = make_table();
  return table;
}

const LayerInfo& layer_info(Layer layer) {
  for (const LayerInfo& row : layer_table()) {
    if (row.layer == layer) return row;
  }
  throw std::invalid_argument("unknown layer");
}

}  // namespace attn::cost
