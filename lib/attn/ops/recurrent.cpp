#include <attn/error.hpp>
#include <attn/ops/recurrent.hpp>
#include <attn/ops/tanh_each.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace attn {
namespace {

template <class T>
T sigmoid(T x) {
  return T{1} / (T{1} + std::exp(-x));
}

// x·W, and room for the states.
template <class T>
RecurrentSteps<T> start(const char* name, const Tensor<T>& x, const RecurrentWeights<T>& weights, std::size_t gates,
                        Products products) {
  const Shape ws = shape_of(weights.w), us = shape_of(weights.u);
  const bool ranks = x.dimension() == 2 && ws.size() == 2 && us.size() == 3;
  if (!ranks || ws[0] != x.shape(1) || us[0] != gates || us[1] != us[2] || ws[1] != gates * us[2]) {
    throw ShapeError(name, "x " + to_string(shape_of(x)) + ", w " + to_string(ws) + " and u " + to_string(us) +
                               " must be (L, E), (E, G·D) and (G, D, D) with G = " + std::to_string(gates));
  }
  RecurrentSteps<T> steps;
  steps.input_map = empty<T>({x.shape(0), ws[1]});
  multiply(products, x.data(), weights.w.data(), steps.input_map.data(), x.shape(0), ws[0], ws[1]);
  steps.states = empty<T>({x.shape(0), us[2]});
  return steps;
}

// state·U of one gate.
template <class T>
void apply(const RecurrentWeights<T>& weights, std::size_t gate, const std::vector<T>& state, std::vector<T>& result,
           Products products) {
  const std::size_t d = state.size();
  multiply(products, state.data(), weights.u.data() + gate * d * d, result.data(), std::size_t{1}, d, d);
}

// Exactly where the numbers matter; many at a time where the time does.
template <class T>
void tanh_all(Products products, std::vector<T>& values) {
  if (products == Products::blas) {
    tanh_each(values.data(), values.size());
  } else {
    for (T& value : values) value = std::tanh(value);
  }
}

}  // namespace

template <class T>
RecurrentSteps<T> rnn(const Tensor<T>& x, const RecurrentWeights<T>& weights, Products products) {
  RecurrentSteps<T> steps = start("rnn", x, weights, 1, products);
  const std::size_t d = weights.u.shape(2);
  std::vector<T> state(d, T{0}), recurrent(d);
  for (std::size_t t = 0; t < x.shape(0); ++t) {
    apply(weights, 0, state, recurrent, products);
    const T* input = steps.input_map.data() + t * d;
    for (std::size_t j = 0; j < d; ++j) state[j] = input[j] + recurrent[j];
    tanh_all(products, state);
    std::copy(state.begin(), state.end(), steps.states.data() + t * d);
  }
  return steps;
}

template <class T>
RecurrentSteps<T> gru(const Tensor<T>& x, const RecurrentWeights<T>& weights, Products products) {
  RecurrentSteps<T> steps = start("gru", x, weights, 3, products);
  const std::size_t d = weights.u.shape(2);
  std::vector<T> state(d, T{0}), reset_state(d), reset(d), update(d), candidate(d);
  for (std::size_t t = 0; t < x.shape(0); ++t) {
    apply(weights, 0, state, reset, products);
    apply(weights, 1, state, update, products);
    const T* input = steps.input_map.data() + t * 3 * d;
    for (std::size_t j = 0; j < d; ++j) reset_state[j] = sigmoid(input[j] + reset[j]) * state[j];
    apply(weights, 2, reset_state, candidate, products);
    T* output = steps.states.data() + t * d;
    for (std::size_t j = 0; j < d; ++j) {
      const T z = sigmoid(input[d + j] + update[j]);
      output[j] = state[j] = z * state[j] + (T{1} - z) * std::tanh(input[2 * d + j] + candidate[j]);
    }
  }
  return steps;
}

template <class T>
RecurrentSteps<T> lstm(const Tensor<T>& x, const RecurrentWeights<T>& weights, Products products) {
  RecurrentSteps<T> steps = start("lstm", x, weights, 4, products);
  const std::size_t d = weights.u.shape(2);
  std::vector<T> state(d, T{0}), cell(d, T{0}), gates[4];
  for (std::vector<T>& gate : gates) gate.resize(d);
  for (std::size_t t = 0; t < x.shape(0); ++t) {
    for (std::size_t gate = 0; gate < 4; ++gate) apply(weights, gate, state, gates[gate], products);
    const T* input = steps.input_map.data() + t * 4 * d;
    T* output = steps.states.data() + t * d;
    for (std::size_t j = 0; j < d; ++j) {
      const auto sum = [&](std::size_t gate) { return input[gate * d + j] + gates[gate][j]; };
      cell[j] = sigmoid(sum(1)) * cell[j] + sigmoid(sum(0)) * std::tanh(sum(2));
      output[j] = state[j] = sigmoid(sum(3)) * std::tanh(cell[j]);
    }
  }
  return steps;
}

template RecurrentSteps<float> rnn(const Tensor<float>&, const RecurrentWeights<float>&, Products);
template RecurrentSteps<double> rnn(const Tensor<double>&, const RecurrentWeights<double>&, Products);
template RecurrentSteps<float> gru(const Tensor<float>&, const RecurrentWeights<float>&, Products);
template RecurrentSteps<double> gru(const Tensor<double>&, const RecurrentWeights<double>&, Products);
template RecurrentSteps<float> lstm(const Tensor<float>&, const RecurrentWeights<float>&, Products);
template RecurrentSteps<double> lstm(const Tensor<double>&, const RecurrentWeights<double>&, Products);

}  // namespace attn
