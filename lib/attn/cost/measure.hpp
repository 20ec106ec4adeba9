// Layers run for real, in float32 through BLAS, and timed.
//
// Every layer uses BLAS for all its products whatever their size, so that times of different sizes lie on
// one curve. What is timed is what the table compares: a convolution (im2col and one product), a recurrence
// (x·W at once, then h·U step by step), and attention itself on given queries, keys and values, one head,
// without projections; linear attention likewise. Inputs are random and fixed.
//
// How times are taken matters more than how many. All cases are measured in turn, round after round, so that a
// slow minute of the machine falls on all of them alike; a sample repeats a short run until it lasts; and of the
// samples of a case the fastest is the one to fit, because another process can only add to a time.
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
  std::size_t warm_ups = 2;      ///< runs of every case before its samples; one is made in any case and tells how long a run takes
  std::size_t repetitions = 9;   ///< samples of every case
  double shortest = 0.02;        ///< seconds: a sample repeats short runs until it lasts this long
};

/// One thing to time.
struct TimedCase {
  std::function<void()> prepare;  ///< before every sample, not timed: sets the number of threads
  std::function<void()> run;
};

/// Seconds of one run, one number a sample, for every case. `progress` is called before every sample with the
/// case, and before the warm-ups of every case; it may be empty.
std::vector<std::vector<double>> time_cases(const std::vector<TimedCase>& cases, const Repetition& repetition,
                                            const std::function<void(std::size_t index)>& progress = {});

/// The widths of a measurement in d on a machine with this cache (bytes, 0: unknown): a factor of eight, such that
/// the largest map of a recurrence, 4·d² bytes, takes at most a third of the cache. A recurrence reads that map
/// again in every step, so its time jumps where the map leaves a cache: beyond the last one the exponent would be
/// that of the memory.
std::vector<Count> default_widths(std::size_t cache);

}  // namespace attn::cost
