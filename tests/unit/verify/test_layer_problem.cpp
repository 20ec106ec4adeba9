#include "verify/layer_cases.hpp"

#include <attn/verify/rounding.hpp>
#include <attn/verify/verification.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace attn;

TEST_CASE("every step of a layer, computed alone from what it reads, is the step of the run") {
  for (const NormPlacement placement : {NormPlacement::post, NormPlacement::pre}) {
    for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
      const auto c = layers::decoder(placement, kind);
      const LayerSteps<double> steps = layers::run(c);
      const Problem<double> problem = layers::problem_of(c);
      const auto tensors = run_problem(problem);
      std::size_t compared = 0;
      visit(steps, [&](const std::string& path, Step, const Tensor<double>& tensor) {
        for (const auto& [step, own] : tensors) {
          if (name_of(step) != path) continue;
          CAPTURE(path);
          CHECK(own == tensor);
          ++compared;
        }
      });
      CHECK(compared == tensors.size());
    }
  }
}

TEST_CASE("the steps of a layer come in the order of its computation") {
  const Problem<double> problem = layers::problem_of(layers::decoder(NormPlacement::pre));
  CHECK(std::is_sorted(problem.steps.begin(), problem.steps.end()));
  CHECK(name_of(problem.steps.front()) == "self.norm_mean");
  CHECK(problem.steps.back() == layer_output());
}

TEST_CASE("a cached key and value are inputs of self-attention") {
  auto c = layers::decoder(NormPlacement::post);
  c.inputs.cache.self = KeysAndValues<double>{naive::numbers<double>({2, 3, 2, 2}, 1), naive::numbers<double>({2, 3, 2, 2}, 2)};
  const Problem<double> problem = layers::problem_of(c);
  CHECK(problem.inputs.count(at_place({Block::self, LayerPart::sublayer}, Step::past_key)) == 1);
  CHECK(run_problem(problem).at(layer_output()) == layers::run(c).output());
}

TEST_CASE("somebody's steps move on: what follows is computed from them") {
  const Problem<double> problem = layers::problem_of(layers::decoder(NormPlacement::post));
  const Step norm = at_place({Block::cross, LayerPart::norm_after}, Step::norm);
  const Tensor<double> theirs = naive::numbers<double>({2, 4, 6}, 7);
  Evaluator<double> run(problem);
  run.know(norm, theirs);
  const LayerProblem<double>& layer = *problem.layer;
  CHECK(run.get(at_place({Block::ffn, LayerPart::sublayer}, Step::ffn_up)) == linear(theirs, layer.weights.ffn.maps.w_1, layer.weights.ffn.maps.b_1, "up"));
}

TEST_CASE("a layer in float32 stays within its own rounding tolerance") {
  const Problem<double> problem = layers::problem_of(layers::decoder(NormPlacement::pre));
  const Problem<float> single = in_float32(problem);
  Evaluator<float> run(single);
  const Tensor<double> exact = run_problem(problem).at(layer_output());
  const Tensor<float>& rounded = run.get(layer_output());
  REQUIRE(exact.size() == rounded.size());
  for (std::size_t i = 0; i < exact.size(); ++i) CHECK(static_cast<double>(rounded.data()[i]) == doctest::Approx(exact.data()[i]).epsilon(1e-4));
}
