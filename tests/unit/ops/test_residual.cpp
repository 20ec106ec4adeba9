#include <attn/error.hpp>
#include <attn/ops/residual.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>

using namespace attn;

namespace {

// One row of numbers, [1, n].
Tensor<double> row(std::initializer_list<double> numbers) {
  Tensor<double> tensor = empty<double>({1, numbers.size()});
  std::copy(numbers.begin(), numbers.end(), tensor.data());
  return tensor;
}

}  // namespace

TEST_CASE("a residual connection adds what went in to what came out") {
  const auto steps = residual<double>(row({1, 2}), row({10, 20}), {});
  CHECK(steps.residual == row({11, 22}));
  CHECK_FALSE(steps.shortcut);
}

TEST_CASE("where the widths differ, a linear map brings the input to the width of the output") {
  // (1, 2)·[[1, 0, 2], [3, 1, 0]] = (7, 2, 2), plus the bias (0, 0, 1)
  const ResidualWeights<double> weights{Tensor<double>{{1, 0, 2}, {3, 1, 0}}, Tensor<double>{0, 0, 1}};
  const auto steps = residual<double>(row({1, 2}), row({10, 20, 30}), weights);
  CHECK(*steps.shortcut == row({7, 2, 3}));
  CHECK(steps.residual == row({17, 22, 33}));
}

TEST_CASE("different widths without a map are refused, and the cure is named") {
  CHECK_THROWS_WITH_AS(residual<double>(row({1, 2}), row({1, 2, 3}), {}),
                       "residual: (1, 2) cannot be added to (1, 3): a sublayer that changes the width needs a map W_s on its shortcut",
                       ShapeError);
}
