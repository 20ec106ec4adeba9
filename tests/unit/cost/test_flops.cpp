#include "counted_layers.hpp"

#include <attn/cost/flops.hpp>
#include <attn/ops/convolution.hpp>
#include <attn/ops/multihead.hpp>
#include <attn/ops/recurrent.hpp>

#include <doctest/doctest.h>

using namespace attn::cost;
using counted::Matrix;

namespace {

struct Run {
  std::size_t n, d, k, h, r, m, a;
};

// Sizes that are all different, some prime, and the degenerate ones: one position, one head, one tap.
const std::vector<Run> runs = {{7, 6, 3, 2, 4, 5, 2}, {1, 4, 2, 4, 3, 1, 3}, {9, 8, 1, 1, 1, 13, 1}, {4, 6, 5, 3, 9, 2, 4}};

template <class T>
counted::AttentionMaps<T> maps(std::size_t d) {
  return {counted::numbers<T>(d, d, 2), counted::numbers<T>(d, d, 3), counted::numbers<T>(d, d, 4), counted::numbers<T>(d, d, 5)};
}

/// One run of a layer on any scalar.
template <class T>
Matrix<T> run_layer(Layer layer, const Run& s) {
  const Matrix<T> x = counted::numbers<T>(s.n, s.d, 1);
  const auto recurrent = [&](auto&& f, std::size_t gates) {
    return f(x, counted::numbers<T>(s.d, gates * s.d, 6), counted::numbers<T>(s.d, gates * s.d, 7));
  };
  const auto kernel = [&]() {
    std::vector<Matrix<T>> taps;
    for (std::size_t tap = 0; tap < s.k; ++tap) taps.push_back(counted::numbers<T>(s.d, s.d, static_cast<std::uint32_t>(10 + tap)));
    return taps;
  };
  switch (layer) {
    case Layer::convolution: return counted::convolution(x, kernel(), 1);
    case Layer::dilated_convolution: return counted::convolution(x, kernel(), s.a);
    case Layer::rnn: return recurrent(counted::rnn<T>, 1);
    case Layer::gru: return recurrent(counted::gru<T>, 3);
    case Layer::lstm: return recurrent(counted::lstm<T>, 4);
    case Layer::self_attention: return counted::attention(x, x, maps<T>(s.d), s.h);
    case Layer::restricted_attention: return counted::attention(x, x, maps<T>(s.d), s.h, s.r);
    case Layer::cross_attention: return counted::attention(x, counted::numbers<T>(s.m, s.d, 8), maps<T>(s.d), s.h);
    case Layer::linear_attention: return counted::linear_attention(x, maps<T>(s.d), s.h);
  }
  return x;
}

constexpr Layer all_layers[] = {Layer::convolution, Layer::dilated_convolution, Layer::rnn, Layer::gru, Layer::lstm,
                                Layer::self_attention, Layer::restricted_attention, Layer::cross_attention,
                                Layer::linear_attention};

Values values_of(const Run& s) {
  Values values;
  const auto set = [&](Letter letter, std::size_t number) { values[letter] = static_cast<Count>(number); };
  set(Letter::n, s.n);
  set(Letter::d, s.d);
  set(Letter::k, s.k);
  set(Letter::h, s.h);
  set(Letter::r, s.r);
  set(Letter::m, s.m);
  set(Letter::a, s.a);
  return values;
}

attn::Tensor<double> tensor(const Matrix<double>& matrix) {
  attn::Tensor<double> result = attn::empty<double>({matrix.rows, matrix.columns});
  std::copy(matrix.values.begin(), matrix.values.end(), result.data());
  return result;
}

/// Gates side by side [d, G·d] as [G, d, d].
attn::Tensor<double> by_gate(const Matrix<double>& matrix) {
  const std::size_t d = matrix.rows, gates = matrix.columns / d;
  attn::Tensor<double> result = attn::empty<double>({gates, d, d});
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = matrix((i / d) % d, i / (d * d) * d + i % d);
  return result;
}

void check_close(const Matrix<double>& have, const attn::Tensor<double>& want) {
  REQUIRE(attn::shape_of(want) == attn::Shape{have.rows, have.columns});
  for (std::size_t i = 0; i < want.size(); ++i) CHECK(std::abs(have.values[i] - want.data()[i]) < 1e-13);
}

}  // namespace

TEST_CASE("every layer executes exactly the operations that its formulas say") {
  for (const Run& s : runs) {
    for (const Layer layer : all_layers) {
      CAPTURE(static_cast<int>(layer));
      CAPTURE(s.n);
      counted::tally() = {};
      run_layer<counted::Scalar>(layer, s);
      const counted::Tally found = counted::tally();
      const Operations expected = operations_of(layer).total();
      const Values values = values_of(s);
      CHECK(expected.multiplications.value(values) == found.multiplications);
      CHECK(expected.additions.value(values) == found.additions);
      CHECK(expected.divisions.value(values) == found.divisions);
      CHECK(expected.comparisons.value(values) == found.comparisons);
      CHECK(expected.exponentials.value(values) == found.exponentials);
      CHECK(expected.tangents.value(values) == found.tangents);
    }
  }
}

TEST_CASE("the counted convolution and recurrences are the library's own") {
  for (const Run& s : runs) {
    const Matrix<double> x = counted::numbers<double>(s.n, s.d, 1);
    attn::Tensor<double> kernel = attn::empty<double>({s.k, s.d, s.d});
    for (std::size_t tap = 0; tap < s.k; ++tap) {
      const Matrix<double> map = counted::numbers<double>(s.d, s.d, static_cast<std::uint32_t>(10 + tap));
      std::copy(map.values.begin(), map.values.end(), kernel.data() + tap * s.d * s.d);
    }
    check_close(run_layer<double>(Layer::convolution, s), attn::convolution(tensor(x), kernel).output);
    check_close(run_layer<double>(Layer::dilated_convolution, s), attn::convolution(tensor(x), kernel, s.a).output);
    const auto weights = [&](std::size_t gates) {
      return attn::RecurrentWeights<double>{tensor(counted::numbers<double>(s.d, gates * s.d, 6)),
                                            by_gate(counted::numbers<double>(s.d, gates * s.d, 7))};
    };
    check_close(run_layer<double>(Layer::rnn, s), attn::rnn(tensor(x), weights(1)).states);
    check_close(run_layer<double>(Layer::gru, s), attn::gru(tensor(x), weights(3)).states);
    check_close(run_layer<double>(Layer::lstm, s), attn::lstm(tensor(x), weights(4)).states);
  }
}

TEST_CASE("the counted attention layers are the library's own, windows and memories included") {
  for (const Run& s : runs) {
    const counted::AttentionMaps<double> w = maps<double>(s.d);
    attn::MultiheadWeights<double> weights;
    weights.w_q = tensor(w.q);
    weights.w_k = tensor(w.k);
    weights.w_v = tensor(w.v);
    weights.w_o = tensor(w.o);
    const attn::Tensor<double> x = tensor(counted::numbers<double>(s.n, s.d, 1));
    attn::MultiheadOptions<double> options;
    options.heads = options.kv_heads = s.h;
    check_close(run_layer<double>(Layer::self_attention, s), attn::multihead<double>({x, {}, {}}, weights, options).output);
    const attn::Tensor<double> memory = tensor(counted::numbers<double>(s.m, s.d, 8));
    check_close(run_layer<double>(Layer::cross_attention, s), attn::multihead<double>({x, memory, {}}, weights, options).output);
    options.attention.mask.window = {s.r - 1, 0};
    check_close(run_layer<double>(Layer::restricted_attention, s), attn::multihead<double>({x, {}, {}}, weights, options).output);
  }
}

TEST_CASE("linear attention is attention with φ(q)·φ(k) in the place of exp(q·k)") {
  for (const Run& s : runs) {
    // y_i = Σ_j φ(q_i)·φ(k_j) v_j / Σ_j φ(q_i)·φ(k_j), head by head (Katharopoulos et al. 2020, equation 4),
    // with φ as the paper writes it: x + 1 for x > 0, exp(x) otherwise.
    const counted::AttentionMaps<double> w = maps<double>(s.d);
    const Matrix<double> x = counted::numbers<double>(s.n, s.d, 1);
    const Matrix<double> q = counted::product(x, w.q), k = counted::product(x, w.k), v = counted::product(x, w.v);
    const auto phi = [](double t) { return t > 0 ? t + 1 : std::exp(t); };
    Matrix<double> merged(s.n, s.d);
    for (std::size_t i = 0; i < s.n; ++i) {
      for (std::size_t column = 0; column < s.d; ++column) {
        const std::size_t width = s.d / s.h, start = column / width * width;
        double above = 0, below = 0;
        for (std::size_t j = 0; j < s.n; ++j) {
          double similarity = 0;
          for (std::size_t l = start; l < start + width; ++l) similarity += phi(q(i, l)) * phi(k(j, l));
          above += similarity * v(j, column);
          below += similarity;
        }
        merged(i, column) = above / below;
      }
    }
    check_close(run_layer<double>(Layer::linear_attention, s), tensor(counted::product(merged, w.o)));
  }
}

TEST_CASE("multiply-accumulates are the matrix products' share of the multiplications") {
  // What is left are the scale (h·n²), the gates (3·n·d), φ(q)·Σφ(k) (n·d).
  const Polynomial n = Letter::n, d = Letter::d, h = Letter::h;
  const auto rest = [](Layer layer) {
    return (operations_of(layer).total().multiplications - matrix_products_of(layer).total()).text();
  };
  CHECK(rest(Layer::convolution) == "0");
  CHECK(rest(Layer::rnn) == "0");
  CHECK(rest(Layer::gru) == (3 * n * d).text());
  CHECK(rest(Layer::lstm) == (3 * n * d).text());
  CHECK(rest(Layer::self_attention) == (n * n * h).text());
  CHECK(rest(Layer::linear_attention) == (n * d).text());
}
