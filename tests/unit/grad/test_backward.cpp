// Gradients against finite differences here; against PyTorch's autograd in tests/reference.
#include "verify/cases.hpp"
#include "verify/layer_cases.hpp"

#include <attn/error.hpp>
#include <attn/grad/backward.hpp>
#include <attn/grad/finite_difference.hpp>
#include <attn/ops/dot_product.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace attn;
using loops::problem_of;

namespace {

void check_against_differences(const Problem<double>& problem) {
  const Tensor<double> upstream = naive::numbers<double>(problem.output_shape, 77);
  std::set<Step> seen;
  for (const Gradient& gradient : backward(problem, upstream)) {
    CAPTURE(std::string(name_of(gradient.of)));
    CHECK(seen.insert(gradient.of).second);
    // Central differences lose digits where a variance is small.
    CHECK(largest_error(gradient.value, finite_differences(problem, gradient.of, upstream, 8)) < 1e-6);
  }
  CHECK(seen.count(Step::x) == 1);
}

std::vector<std::string> names(const std::vector<Gradient>& gradients) {
  std::vector<std::string> result;
  for (const Gradient& gradient : gradients) result.emplace_back(name_of(gradient.of));
  return result;
}

}  // namespace

TEST_CASE("every gradient of attention is the slope of the loss") {
  for (const auto make : {loops::square, loops::cross, loops::cross_causal, loops::padded, loops::biased, loops::windowed, loops::hidden_sample,
                          loops::capped, loops::rescaled}) {
    check_against_differences(problem_of(make()));
  }
}

TEST_CASE("so it is with a cache, appended keys, rotary positions and dropout") {
  loops::Case c = loops::causal();
  c.weights.bias_k = naive::numbers<double>({6}, 31);
  c.weights.bias_v = naive::numbers<double>({6}, 32);
  c.options.add_zero_attn = true;
  c.options.attention.past_key = naive::numbers<double>({2, 3, 2, 2}, 21);
  c.options.attention.past_value = naive::numbers<double>({2, 3, 2, 2}, 22);
  c.options.attention.rotary = RotaryPositions<double>{};
  check_against_differences(problem_of(c));
}

TEST_CASE("every gradient of a layer is the slope of the loss") {
  for (const NormPlacement placement : {NormPlacement::post, NormPlacement::pre}) {
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      for (const Activation activation : {Activation::gelu, Activation::silu}) {
        auto c = layers::decoder(placement, kind);
        c.options.activation = activation;
        check_against_differences(layers::problem_of(c));
      }
    }
  }
}

TEST_CASE("a gate, a map on the shortcut and an unbiased variance have gradients too") {
  auto c = layers::decoder(NormPlacement::post);
  c.weights.ffn.maps.w_gate = naive::numbers<double>({6, 9}, 74);
  c.weights.ffn.residual.w_s = naive::numbers<double>({6, 6}, 75);
  c.weights.ffn.residual.b_s = naive::numbers<double>({6}, 76);
  c.options.activation = Activation::silu;
  c.options.norm.variance = Variance::unbiased;
  check_against_differences(layers::problem_of(c));
}

TEST_CASE("gradients come from the output back, parameters behind the step that uses them, inputs last") {
  const Problem<double> problem = problem_of(loops::square());
  const auto found = names(backward(problem, naive::numbers<double>(problem.output_shape, 1)));
  CHECK(found.front() == "output");
  CHECK(found.back() == "x");
  CHECK(std::vector<std::string>(found.begin() + 1, found.begin() + 4) == std::vector<std::string>{"w_o", "b_o", "merged"});
}

TEST_CASE("what a tensor is read by is added up, and said so") {
  const Problem<double> problem = problem_of(loops::square());
  const auto gradients = backward(problem, naive::numbers<double>(problem.output_shape, 1));
  CHECK(gradients.back().terms.size() == 3);  // the maps of queries, keys and values
}

TEST_CASE("an upstream gradient of another shape is refused") {
  CHECK_THROWS_AS(backward(problem_of(loops::square()), filled<double>({1, 1}, 1)), ShapeError);
}
