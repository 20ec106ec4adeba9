// A run as verification sees it: what was computed from what, so that any single step can be computed
// again from somebody else's tensors.
#pragma once

#include <attn/layer_steps.hpp>
#include <attn/ops/multihead.hpp>
#include <attn/steps.hpp>
#include <attn/verify/shared.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace attn {

template <class T>
struct LayerProblem;  // layer_problem.hpp

/// Everything a run is computed from. A run through `multihead` has x among its inputs; a run on given
/// queries, keys and values has q, k and v, [B, H, L, D].
template <class T>
struct Problem {
  Sizes sizes;                        ///< with appended keys among the new ones
  Shared<MultiheadWeights<T>> weights;
  MultiheadOptions<T> options;        ///< with the number of exempt keys set, and the dropout mask
  std::map<Step, Tensor<T>> inputs;   ///< x, memory, memory_value, past_key, past_value; or q, k, v
  std::vector<Step> steps;            ///< what is computed, in order
  Shape output_shape;
  std::size_t all_heads = 0;          ///< query heads of the whole run, where this is a slice of it; 0: sizes.heads
  bool own_memory = false;            ///< of some queries of self-attention: the memory is the sequence they stand in
  /// Set for a run of a whole layer: its inputs are x, memory and the cache, its steps those of
  /// layer_steps.hpp.
  std::shared_ptr<const LayerProblem<T>> layer = {};

  /// Whether the keys come from the sequence of the queries.
  bool attends_to_itself() const { return own_memory || !has(Step::memory); }

  bool has(Step step) const {
    if (inputs.count(step) > 0) return true;
    for (const Step computed : steps) {
      if (computed == step) return true;
    }
    return false;
  }
};

/// Computes the steps of a problem on demand, each once, from tensors that are known: its inputs, and
/// whatever else `know` was told (somebody else's tensors).
template <class T>
class Evaluator {
 public:
  explicit Evaluator(const Problem<T>& problem) : problem_(problem) {}
  virtual ~Evaluator() = default;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// Uses this tensor for the step instead of computing it. It must outlive the evaluator.
  void know(Step step, const Tensor<T>& tensor) { known_[step] = &tensor; }

  /// The same, with the tensor made by `supply()` when it is first read.
  void know(Step step, std::function<Tensor<T>()> supply) { supplies_[step] = std::move(supply); }

  /// Whether the step's tensor was given, rather than computed here.
  bool knows(Step step) const { return known_.count(step) > 0 || supplies_.count(step) > 0; }

  /// The step's tensor: known, given, or computed now. Throws ShapeError if known tensors do not fit.
  virtual const Tensor<T>& get(Step step);

  /// The step computed from what it reads, as the run computes it; an input is itself.
  Tensor<T> compute(Step step);

  /// Drops every tensor that was made here, of a step before `done`, that no step after it reads. References
  /// to them end.
  void release(Step done);

  /// The step's tensor, which leaves this run if it was computed here.
  Tensor<T> take(Step step);

  const Problem<T>& problem() const { return problem_; }

  /// Of the part of a layer that a rule sees: where it is, and the run of the whole layer.
  virtual std::optional<LayerPlace> place() const { return std::nullopt; }
  virtual Evaluator& whole() { return *this; }

 protected:
  /// What to use instead of compute(step); by default compute(step) itself.
  virtual Tensor<T> produce(Step step) { return compute(step); }

  /// Whether produce() may give something else than the input itself for a step that was given.
  virtual bool replaces_input(Step) const { return false; }

 private:
  const Problem<T>& problem_;
  std::map<Step, const Tensor<T>*> known_;
  std::map<Step, std::function<Tensor<T>()>> supplies_;
  std::map<Step, Tensor<T>> computed_;
};

/// The shape of every input and of every step.
std::map<Step, Shape> step_shapes(const Problem<double>& problem);

/// Numbers in all inputs and steps together; the largest number there is where they cannot be counted.
std::size_t cells_of(const Problem<double>& problem);

/// The sizes of the run with those of the scores that its queries and keys make, which a mistake upstream
/// may have changed.
template <class T>
Sizes sizes_of_scores(Evaluator<T>& run);

/// The steps that our operation for `step` may read directly, whether or not a run has them; empty for inputs.
std::vector<Step> operands_of(Step step);

/// Whether a run of attention computes `result` from `step` by way of none that is known.
bool is_computed_from(const Problem<double>& problem, Step result, Step step, const std::function<bool(Step)>& is_known);

}  // namespace attn
