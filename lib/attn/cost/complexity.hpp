// The table that compares convolution, recurrence and attention: one row a layer, every cell a formula.
//
// The first four columns are those of the course text and of Vaswani et al. 2017, table 1, with their
// O(…); the others are exact.
#pragma once

#include <attn/cost/flops.hpp>
#include <attn/cost/polynomial.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::cost {

/// How many layers separate the two positions that are farthest apart (for a recurrence: how many steps).
struct PathLength {
  const char* order;        ///< as the sources print it inside O(…): "log_k(n)"
  const char* order_latex;
  const char* text;         ///< exact: "⌈log_k(n)⌉"
  const char* latex;
  /// The exact number; empty when no stack connects all positions (k = 1), or when the formula does not
  /// hold (taps farther apart than the kernel is wide leave gaps).
  std::optional<Count> (*length)(const Values&);
};

/// Where a row's formulas come from.
struct Source {
  bool document;         ///< the course text has this row
  bool vaswani;          ///< Vaswani et al. 2017 has it in table 1
  const char* reference; ///< the paper that introduced the layer, or nullptr
};

struct LayerInfo {
  Layer layer;
  const char* name;        ///< "self-attention", for options and tables
  const char* key;         ///< "self_attention", for CSV, JSON and the lesson files
  Polynomial order;        ///< operations per layer, inside O(…)
  Polynomial sequential;   ///< operations that must wait for one another
  Polynomial width;        ///< positions computed at the same time
  PathLength path;
  Polynomial parameters;   ///< numbers learned, without biases
  Polynomial activations;  ///< numbers the layer writes, its output included, its input not
  Polynomial cache;        ///< numbers kept from one generated position to the next
  Source source;
};

const std::vector<LayerInfo>& layer_table();
const LayerInfo& layer_info(Layer layer);

}  // namespace attn::cost
