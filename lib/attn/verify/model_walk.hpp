// Verification of a whole model: every layer is a run of its own, on what somebody's layer before it gave.
#pragma once

#include <attn/ops/transformer.hpp>
#include <attn/verify/verification.hpp>

#include <map>

namespace attn {

/// A finished run of a model. What it refers to must outlive it.
struct ModelRun {
  const TransformerWeights<double>& weights;
  const TransformerSteps<double>& steps;
  StackOptions<double> encoder, decoder;  ///< with the masks of the run
};

/// Our tensors: the steps of path_steps.hpp, "encoder.token_embedding", "encoder.0.self.weights", …, and the logits.
std::map<Step, Tensor<double>> tensors_of(const ModelRun& run);

std::map<Step, Shape> shapes_of(const ModelRun& run);

/// Whether a step stands in one of the layers: "encoder.0.x", but neither "encoder.x" nor "encoder.final.norm".
bool is_in_layer(const ModelRun& run, Step step);

/// The layer that a step stands in, as we ran it. Throws std::out_of_range for a step outside of the layers.
Problem<double> problem_of_layer(const ModelRun& run, Step step);

/// What of a submission stands in the layer of a step, in the layer's own steps.
Submission submission_of_layer(const Submission& theirs, Step step);

/// The findings. End to end every step is held against our run; by itself against what our operations make of their
/// tensors before it, layer by layer: a mistake in one layer leaves the next ones right. A mistake that several layers
/// have is named at the first. `decimals` are not provided for.
Verification verify_model(const ModelRun& run, const Submission& theirs, const VerifyOptions& options);

}  // namespace attn
