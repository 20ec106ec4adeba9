#include <attn/error.hpp>
#include <attn/ops/convolution.hpp>

#include <algorithm>

namespace attn {

template <class T>
ConvolutionSteps<T> convolution(const Tensor<T>& x, const Tensor<T>& kernel, std::size_t dilation, Products products) {
  if (x.dimension() != 2 || kernel.dimension() != 3 || kernel.shape(1) != x.shape(1) || dilation == 0) {
    throw ShapeError("convolution", "x " + to_string(shape_of(x)) + " and kernel " + to_string(shape_of(kernel)) +
                                        " must be (L, E) and (K, E, F), with a dilation of at least 1, found " +
                                        std::to_string(dilation));
  }
  const std::size_t length = x.shape(0), width = x.shape(1), taps = kernel.shape(0), columns = kernel.shape(2);
  ConvolutionSteps<T> steps;
  steps.patches = filled<T>({length, taps * width}, T{0});
  for (std::size_t t = 0; t < length; ++t) {
    for (std::size_t tap = 0; tap < taps && tap <= t / dilation; ++tap) {
      const T* position = x.data() + (t - tap * dilation) * width;
      std::copy(position, position + width, steps.patches.data() + (t * taps + tap) * width);
    }
  }
  steps.output = empty<T>({length, columns});
  multiply(products, steps.patches.data(), kernel.data(), steps.output.data(), length, taps * width, columns);
  return steps;
}

template ConvolutionSteps<float> convolution(const Tensor<float>&, const Tensor<float>&, std::size_t, Products);
template ConvolutionSteps<double> convolution(const Tensor<double>&, const Tensor<double>&, std::size_t, Products);

}  // namespace attn
