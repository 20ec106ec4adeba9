// Layers run for real, in float32 through BLAS, and timed.
//
// Every layer uses BLAS for all its products whatever their size, so that times of different sizes lie on
// one curve. What is timed is what the table compares: a convolution (im2col and one product), a recurrence
// (x·W at once, then h·U step by step), and attention itself on given queries, keys and values, one head,
// without projections. Inputs are random and fixed.
#pragma once

#include <attn/cost/complexity.hpp>
#include <attn/cost/statistics.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace attn::cost {

/// The layers that can be run here.
const std::vector<Layer>& measurable_layers();

/// Floating-point operations of one run: multiplications and additions, as counted by operations_of.
Polynomial measured_flops(Layer layer);
/// Bytes that one run must at least move: inputs and parameters read, everything else written.
Polynomial measured_bytes(Layer layer);

/// A layer with its inputs and weights, ready to run. Sizes n, d and k of `values`.
std::function<void()> make_workload(Layer layer, const Values& values);

struct Repetition {
  std::size_t warm_ups = 2;      ///< runs that are not timed
  std::size_t repetitions = 9;   ///< samples
  double shortest = 0.005;       ///< seconds: a sample repeats short runs until it lasts this long
};

/// Seconds of one run, one number a sample.
std::vector<double> time_runs(const std::function<void()>& run, const Repetition& repetition);

}  // namespace attn::cost
