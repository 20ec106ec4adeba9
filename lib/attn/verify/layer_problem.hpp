// A whole layer as verification sees it. Its steps are those of layer_steps.hpp; each is computed by the
// same rules as in a run of attention alone, through a view of the part of the layer it belongs to.
#pragma once

#include <attn/layer_steps.hpp>
#include <attn/ops/layer.hpp>
#include <attn/verify/problem.hpp>

#include <functional>
#include <map>

namespace attn {

/// What a layer was computed with.
template <class T>
struct LayerProblem {
  LayerWeights<T> weights;
  LayerOptions<T> options;
  /// Each block as a problem of its own, with the step table's own steps; it has no inputs.
  std::map<Block, Problem<T>> blocks;

  bool norm_first() const { return options.placement == NormPlacement::pre; }
  LayerPlace place_of_norm(Block block) const {
    return {block, norm_first() ? LayerPart::norm_before : LayerPart::norm_after};
  }
  const NormWeights<T>& norm_of(Block block) const;
  const ResidualWeights<T>& residual_of(Block block) const;
  /// The step whose tensor a block is given, and the one that its sublayer reads: its normalisation if that
  /// stands first.
  Step given_to(Block block) const;
  Step read_by(Block block) const;
  /// The step that a block hands on.
  Step result_of(Block block) const;
};

/// found(step, tensor) for every tensor of a finished run, in the steps of a problem of it and in their order.
void visit_layer(const LayerSteps<double>& steps, const std::function<void(Step, const Tensor<double>&)>& found);

/// The problem of a finished run. `inputs` holds x, the memory and, at their places, the cached keys and
/// values of self-attention.
Problem<double> problem_of_layer(const LayerSteps<double>& steps, const LayerWeights<double>& weights,
                                 const LayerOptions<double>& options);

/// One part of a block of a running layer, as a run of its own. In the sublayer Step::x (for the feed-forward
/// Step::norm) is what it reads; in the sum Step::x is what the block was given and Step::output what the
/// sublayer returned; in the normalisation Step::residual is what is normalised.
template <class T>
class PartOfLayer : public Evaluator<T> {
 public:
  PartOfLayer(Evaluator<T>& whole, LayerPlace place);

  const Tensor<T>& get(Step step) override { return whole_.get(step_in_layer(step)); }
  std::optional<LayerPlace> place() const override { return place_; }
  Evaluator<T>& whole() override { return whole_; }

  /// The step of the layer that a step of this part is.
  Step step_in_layer(Step step) const;

 private:
  Evaluator<T>& whole_;
  LayerPlace place_;
};

/// A step of a layer, computed from what it reads.
template <class T>
Tensor<T> compute_in_layer(Evaluator<T>& run, Step step);

}  // namespace attn
