// What a series of measurements shows: times, exponents, what more threads bring.
#pragma once

#include "layer_options.hpp"

#include <attn/cost/machine.hpp>
#include <attn/cost/measure.hpp>
#include <attn/render/plot.hpp>

#include <vector>

namespace attn::tools {

/// One layer of one size, timed.
struct Measurement {
  cost::Layer layer;
  cost::Values values;
  cost::Count threads;
  cost::Summary time;  ///< seconds of one run
};

/// The exponent of one letter in one layer's times, beside the theory's.
struct Fit {
  cost::Layer layer;
  cost::Letter letter;
  cost::Count threads;
  cost::PowerLaw law;
  double theory;
  cost::Verdict verdict;
};

/// For every layer and number of threads: the exponent of n at the first width and of d at the first
/// length, where at least two sizes were measured.
std::vector<Fit> fits_of(const std::vector<Measurement>& measurements, const LayerOptions& sizes);

/// Log–log, one picture a letter: measurements as points, and through the largest of them the formula's
/// O(…) as a line.
std::vector<render::Plot> plots_of(const std::vector<Measurement>& measurements, const std::vector<Fit>& fits,
                                   lessons::Language language);

/// Throws UsageError, before anything is measured, for a format that holds no tables.
void require_table_output(const OutputOptions& output);

void write_measurements(const std::vector<Measurement>& measurements, const std::vector<Fit>& fits,
                        const cost::Machine& machine, const cost::Repetition& repetition, const OutputOptions& output);

}  // namespace attn::tools
