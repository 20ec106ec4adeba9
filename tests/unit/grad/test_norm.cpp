// Expected values by hand, with the arithmetic shown.
#include <attn/error.hpp>
#include <attn/grad/norm.hpp>

#include <doctest/doctest.h>

using namespace attn;

namespace {

Tensor<double> row(const Tensor<double>& numbers) { return reshaped(numbers, {1, numbers.size()}); }
Tensor<double> one(double number) { return filled<double>({1, 1}, number); }

}  // namespace

TEST_CASE("a normalisation sends its gradient back along three paths") {
  // x = 1 5, μ = 3, σ² = 4, ε = 0: root 2, deviations −2 2. With γ = 2 1 and d = 3 5 the gradient after γ is 6 5.
  const Tensor<double> x = row(Tensor<double>{1, 5}), d = row(Tensor<double>{3, 5});
  const Tensor<double> mean = one(3), variance = one(4);
  const NormWeights<double> weights{Tensor<double>{2, 1}, Tensor<double>{0, 0}};
  const NormGradients gradients = norm_backward(x, mean, variance, weights, 0, d);
  CHECK(gradients.x == row(Tensor<double>{3, 2.5}));            // 6/2, 5/2
  CHECK(*gradients.mean == one(-5.5));          // −(3 + 2.5)
  CHECK(gradients.spread == one(0.125));        // −½·(6·(−2) + 5·2)/8
  CHECK(*gradients.gamma == Tensor<double>{-3, 5});          // 3·(−1), 5·1
  CHECK(*gradients.beta == Tensor<double>{3, 5});
}

TEST_CASE("without a mean and without parameters there is nothing to send to them") {
  // RMS: x = 3 4, ρ² = 12.5; ε = 12.5 makes the root 5. Spread: −½·(1·3 + 1·4)/125 = −0.028
  const NormGradients gradients = norm_backward(row(Tensor<double>{3, 4}), std::nullopt, one(12.5), {}, 12.5, row(Tensor<double>{1, 1}));
  CHECK(gradients.x == row(Tensor<double>{0.2, 0.2}));
  CHECK(gradients.spread(0, 0) == doctest::Approx(-0.028).epsilon(1e-15));
  CHECK_FALSE(gradients.mean.has_value());
  CHECK_FALSE(gradients.gamma.has_value());
  CHECK_FALSE(gradients.beta.has_value());
}

TEST_CASE("mean, variance and mean square are averages on the way back too") {
  const Tensor<double> x = row(Tensor<double>{1, 5}), mean = one(3), d = one(8);
  CHECK(row_means_backward(x, d) == row(Tensor<double>{4, 4}));                     // 8/2
  CHECK(row_mean_squares_backward(x, d) == row(Tensor<double>{8, 40}));             // 8·2·1/2, 8·2·5/2
  const VarianceGradients biased = row_variances_backward(x, mean, Variance::biased, d);
  CHECK(biased.x == row(Tensor<double>{-16, 16}));                                  // 8·2·(∓2)/2
  CHECK(biased.mean == one(0));
  CHECK(row_variances_backward(x, mean, Variance::unbiased, d).x == row(Tensor<double>{-32, 32}));  // N = 1
}

TEST_CASE("a gradient of another shape is refused") {
  CHECK_THROWS_AS(norm_backward(row(Tensor<double>{1, 2}), std::nullopt, one(1), {}, 0, one(1)), ShapeError);
}
