// Somebody's gradients against the backward pass of a run.
#pragma once

#include <attn/grad/backward.hpp>
#include <attn/verify/verification.hpp>

#include <map>

namespace attn {

/// The shape of every gradient that the run has.
std::map<Step, Shape> gradient_shapes(const std::vector<Gradient>& gradients);

/// The gradients of maps that stand as PyTorch keeps maps, (out, in), turned round to (in, out): those of that shape, and
/// square ones that are ours once they are turned. What was turned is said among the alignments.
Submission with_maps_turned(Submission theirs, const std::vector<Gradient>& ours);

/// Every gradient in the order it is computed in, against the order of the steps: end to end, and by itself, that is as
/// the backward pass makes it of *their* gradients before it. The first that does not follow from theirs is where their
/// backward pass goes wrong. No mistake is named: the catalogue is about the way forward. Without a tolerance what
/// float32 rounding explains passes, measured by a backward pass whose inputs are moved by that much and whose gradients
/// are rounded. The gradient of the output is given, and agreeing on it is agreeing on nothing. Numbers rounded to
/// `decimals` are not provided for.
Verification verify_gradients(const Problem<double>& problem, const Tensor<double>& upstream, const Submission& theirs, const VerifyOptions& options);

}  // namespace attn
