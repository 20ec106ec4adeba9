// A trace: the tensors of one run, by name, in order of computation.
//
// Operations return plain structs; `visit(steps, f)` walks a struct and a Trace is the list of what it
// met. Text, CSV, NPZ, JSON, notebooks and verification see only the Trace.
#pragma once

#include <attn/steps.hpp>
#include <attn/tensor.hpp>

#include <string>
#include <vector>

namespace attn {

struct TraceEntry {
  std::string name;   ///< the step's name; a dotted path inside a stack of layers
  Step step;
  std::string axes;   ///< one letter of shape.hpp for each axis: "B, H, Lq, Lk"
  TensorView tensor;  ///< points into the steps the trace was made from
};

struct Trace {
  Sizes sizes;
  Precision precision = Precision::float64;
  std::vector<TraceEntry> entries;

  /// The first entry of that step; nullptr when this run has none.
  const TraceEntry* find(Step step) const {
    for (const TraceEntry& entry : entries) {
      if (entry.step == step) return &entry;
    }
    return nullptr;
  }
  TraceEntry* find(Step step) { return const_cast<TraceEntry*>(static_cast<const Trace*>(this)->find(step)); }
};

/// The axes of a step in a run of these sizes: those of the step table, with Ln written as Lk where both
/// are the same, and as Ln+1 or Ln+2 where keys that the module appends follow new keys beside a cache.
std::string axes_of(Step step, const Sizes& sizes);

/// Collects what `visit` meets. The steps must outlive the trace; `trace.sizes` must be set.
template <class Steps>
void append_to(Trace& trace, const Steps& steps) {
  visit(steps, [&trace](Step step, const auto& tensor) {
    trace.entries.push_back({std::string(name_of(step)), step, axes_of(step, trace.sizes), TensorView(tensor)});
  });
}

}  // namespace attn
