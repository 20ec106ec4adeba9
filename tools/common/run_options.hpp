// Options about the run as a whole: seed, number type, memory, strictness.
#pragma once

#include "cli11_forward.hpp"

#include <attn/tensor.hpp>

#include <cstddef>
#include <cstdint>

namespace attn::tools {

struct RunOptions {
  std::uint64_t seed = 0;
  Precision dtype = Precision::float64;
  std::size_t max_memory = 0;  ///< bytes; 0: four fifths of what is available
  bool strict = false;         ///< a NaN or infinity in a result is an error
};

void add_run_options(CLI::App& app, RunOptions& options);

/// Parts of it, for runs that draw nothing or cannot give anything but finite results: --seed; --dtype and
/// --max-memory.
void add_seed_option(CLI::App& app, RunOptions& options);
void add_number_options(CLI::App& app, RunOptions& options);

/// Runs f(T{}) with T = double or float, as --dtype says.
template <class F>
int with_precision(Precision precision, F&& f) {
  return precision == Precision::float64 ? f(double{}) : f(float{});
}

}  // namespace attn::tools
