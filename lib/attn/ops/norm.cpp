#include <attn/error.hpp>
#include <attn/ops/norm.hpp>

#include <cmath>
#include <string>
#include <utility>

namespace attn {
namespace {

std::string subject() { return std::string(name_of(Step::norm)); }

struct Rows {
  std::size_t count, width;
};

template <class T>
Rows rows_of(const Tensor<T>& x) {
  const Shape shape = shape_of(x);
  if (shape.empty()) throw ShapeError(subject(), "a single number has no features to normalise over");
  const Shape leading(shape.begin(), shape.end() - 1);
  return {*element_count(leading), shape.back()};
}

template <class T>
Tensor<T> one_a_row(const Tensor<T>& x) {
  Shape shape = shape_of(x);
  shape.back() = 1;
  return empty<T>(shape);
}

// f(row) for every row of x, as a column.
template <class T, class F>
Tensor<T> reduced(const Tensor<T>& x, F&& f) {
  const Rows rows = rows_of(x);
  Tensor<T> result = one_a_row(x);
  for (std::size_t row = 0; row < rows.count; ++row) result.data()[row] = f(x.data() + row * rows.width, row);
  return result;
}

}  // namespace

template <class T>
Tensor<T> row_means(const Tensor<T>& x) {
  const std::size_t width = rows_of(x).width;
  return reduced(x, [width](const T* row, std::size_t) {
    T sum{0};
    for (std::size_t e = 0; e < width; ++e) sum += row[e];
    return sum / static_cast<T>(width);
  });
}

template <class T>
Tensor<T> row_variances(const Tensor<T>& x, const Tensor<T>& means, Variance variance) {
  const Rows rows = rows_of(x);
  if (means.size() != rows.count) {
    throw ShapeError(subject(), "means " + to_string(shape_of(means)) + " do not belong to rows " + to_string(shape_of(x)));
  }
  const T divisor = static_cast<T>(rows.width) - (variance == Variance::unbiased ? T{1} : T{0});
  return reduced(x, [&](const T* row, std::size_t r) {
    T sum{0};
    for (std::size_t e = 0; e < rows.width; ++e) {
      const T deviation = row[e] - means.data()[r];
      sum += deviation * deviation;
    }
    return sum / divisor;
  });
}

template <class T>
Tensor<T> row_mean_squares(const Tensor<T>& x) {
  const std::size_t width = rows_of(x).width;
  return reduced(x, [width](const T* row, std::size_t) {
    T sum{0};
    for (std::size_t e = 0; e < width; ++e) sum += row[e] * row[e];
    return sum / static_cast<T>(width);
  });
}

template <class T>
Tensor<T> standardised(const Tensor<T>& x, const std::optional<Tensor<T>>& shift, const Tensor<T>& spread,
                       double eps) {
  const Rows rows = rows_of(x);
  if (spread.size() != rows.count || (shift && shift->size() != rows.count)) {
    throw ShapeError(subject(), "spreads " + to_string(shape_of(spread)) + " do not belong to rows " + to_string(shape_of(x)));
  }
  Tensor<T> result = empty<T>(shape_of(x));
  for (std::size_t row = 0; row < rows.count; ++row) {
    const T centre = shift ? shift->data()[row] : T{0};
    const T root = std::sqrt(spread.data()[row] + static_cast<T>(eps));
    const T* from = x.data() + row * rows.width;
    T* to = result.data() + row * rows.width;
    for (std::size_t e = 0; e < rows.width; ++e) to[e] = (from[e] - centre) / root;
  }
  return result;
}

template <class T>
Tensor<T> scaled_and_shifted(Tensor<T> x, const NormWeights<T>& weights) {
  const Rows rows = rows_of(x);
  for (const std::optional<Tensor<T>>* parameter : {&weights.gamma, &weights.beta}) {
    if (*parameter && (*parameter)->size() != rows.width) {
      throw ShapeError(subject(), "a parameter of shape " + to_string(shape_of(**parameter)) +
                                   " cannot be applied to rows of width " + std::to_string(rows.width));
    }
  }
  for (std::size_t row = 0; row < rows.count; ++row) {
    T* values = x.data() + row * rows.width;
    if (weights.gamma) {
      for (std::size_t e = 0; e < rows.width; ++e) values[e] *= weights.gamma->data()[e];
    }
    if (weights.beta) {
      for (std::size_t e = 0; e < rows.width; ++e) values[e] += weights.beta->data()[e];
    }
  }
  return x;
}

template <class T>
NormSteps<T> normalised(const Tensor<T>& x, const NormWeights<T>& weights, const NormOptions& options) {
  NormSteps<T> steps;
  if (options.kind == NormKind::layer) {
    steps.mean = row_means(x);
    steps.variance = row_variances(x, *steps.mean, options.variance);
  } else {
    steps.mean_square = row_mean_squares(x);
  }
  Tensor<T> hat = standardised(x, steps.mean, steps.variance ? *steps.variance : *steps.mean_square, options.eps);
  if (options.detail == Detail::yes) steps.hat = hat;
  steps.norm = scaled_and_shifted(std::move(hat), weights);
  return steps;
}

template Tensor<float> row_means(const Tensor<float>&);
template Tensor<double> row_means(const Tensor<double>&);
template Tensor<float> row_variances(const Tensor<float>&, const Tensor<float>&, Variance);
template Tensor<double> row_variances(const Tensor<double>&, const Tensor<double>&, Variance);
template Tensor<float> row_mean_squares(const Tensor<float>&);
template Tensor<double> row_mean_squares(const Tensor<double>&);
template Tensor<float> standardised(const Tensor<float>&, const std::optional<Tensor<float>>&, const Tensor<float>&, double);
template Tensor<double> standardised(const Tensor<double>&, const std::optional<Tensor<double>>&, const Tensor<double>&, double);
template Tensor<float> scaled_and_shifted(Tensor<float>, const NormWeights<float>&);
template Tensor<double> scaled_and_shifted(Tensor<double>, const NormWeights<double>&);
template NormSteps<float> normalised(const Tensor<float>&, const NormWeights<float>&, const NormOptions&);
template NormSteps<double> normalised(const Tensor<double>&, const NormWeights<double>&, const NormOptions&);

}  // namespace attn
