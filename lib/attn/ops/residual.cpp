#include <attn/error.hpp>
#include <attn/ops/multihead.hpp>
#include <attn/ops/residual.hpp>

#include <string>

namespace attn {

template <class T>
Tensor<T> sum_of(const Tensor<T>& a, const Tensor<T>& b) {
  if (shape_of(a) != shape_of(b)) {
    throw ShapeError(std::string(name_of(Step::residual)),
                     to_string(shape_of(a)) + " cannot be added to " + to_string(shape_of(b)) +
                         ": a sublayer that changes the width needs a map W_s on its shortcut");
  }
  Tensor<T> sum = a;
  for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += b.data()[i];
  return sum;
}

template <class T>
ResidualSteps<T> residual(const Tensor<T>& x, const Tensor<T>& y, const ResidualWeights<T>& weights) {
  ResidualSteps<T> steps;
  if (weights.w_s || weights.b_s) {
    steps.shortcut = linear(x, weights.w_s, weights.b_s, std::string(name_of(Step::shortcut)));
  }
  steps.residual = sum_of(steps.shortcut ? *steps.shortcut : x, y);
  return steps;
}

template Tensor<float> sum_of(const Tensor<float>&, const Tensor<float>&);
template Tensor<double> sum_of(const Tensor<double>&, const Tensor<double>&);
template ResidualSteps<float> residual(const Tensor<float>&, const Tensor<float>&, const ResidualWeights<float>&);
template ResidualSteps<double> residual(const Tensor<double>&, const Tensor<double>&, const ResidualWeights<double>&);

}  // namespace attn
