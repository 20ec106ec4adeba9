// Multi-head attention: linear maps, heads, attention, merge, output map. One head and absent maps are
// special cases of the same computation, so `dot`, `self` and `cross` run through here too.
#pragma once

#include <attn/ops/attention.hpp>
#include <attn/weights/mha_weights.hpp>

#include <cstddef>
#include <optional>

namespace attn {

/// Sources of queries, keys and values, rank 3 (B, L, E) or rank 2 (L, E): one sample, and an output
/// of rank 2 again. What is absent is taken from the line above it.
template <class T>
struct MultiheadInputs {
  Tensor<T> x;                                 ///< [B, Lq, E]
  std::optional<Tensor<T>> memory = {};        ///< [B, Ln, Ek]; absent: x (self-attention)
  std::optional<Tensor<T>> memory_value = {};  ///< [B, Ln, Ev]; absent: memory
  /// Keys and values of the memory from an earlier run (cache_after), appended keys included: their maps
  /// are not applied again, and memory is not read.
  std::optional<KeysAndValues<T>> computed = {};
};

template <class T>
struct MultiheadOptions {
  std::size_t heads = 1;
  std::size_t kv_heads = 1;
  bool add_zero_attn = false;    ///< append a key and a value of zeros that every query may attend to
  bool average_weights = false;  ///< also keep the mean of the weights over heads
  AttentionOptions<T> attention;
};

/// The tensors of one run, in order of computation.
template <class T>
struct MultiheadSteps {
  Tensor<T> x;                                ///< [B, Lq, E]
  std::optional<Tensor<T>> memory;            ///< [B, Ln, Ek]
  std::optional<Tensor<T>> memory_value;      ///< [B, Ln, Ev]
  std::optional<Tensor<T>> q_proj;            ///< [B, Lq, H·D], only with W_q or b_q
  std::optional<Tensor<T>> k_proj;            ///< [B, Ln, Hk·D]
  std::optional<Tensor<T>> v_proj;            ///< [B, Ln, Hk·Dv]
  AttentionSteps<T> attention;
  std::optional<Tensor<T>> weights_averaged;  ///< [B, Lq, Lk]
  Tensor<T> merged;                           ///< [B, Lq, H·Dv]
  Tensor<T> output;                           ///< [B, Lq, E]; [Lq, E] when the inputs had rank 2
};

template <class T, class F>
void visit(const MultiheadSteps<T>& steps, F&& f) {
  f(Step::x, steps.x);
  if (steps.memory) f(Step::memory, *steps.memory);
  if (steps.memory_value) f(Step::memory_value, *steps.memory_value);
  if (steps.q_proj) f(Step::q_proj, *steps.q_proj);
  if (steps.k_proj) f(Step::k_proj, *steps.k_proj);
  if (steps.v_proj) f(Step::v_proj, *steps.v_proj);
  visit(steps.attention, [&](Step step, const Tensor<T>& tensor) {
    if (step == Step::heads && steps.weights_averaged) f(Step::weights_averaged, *steps.weights_averaged);
    f(step, tensor);
  });
  f(Step::merged, steps.merged);
  f(Step::output, steps.output);
}

/// Throws ShapeError if inputs and weights do not fit each other, and as `attention`.
template <class T>
MultiheadSteps<T> multihead(MultiheadInputs<T> inputs, const MultiheadWeights<T>& weights,
                            MultiheadOptions<T> options);

/// source·W + b for every row of source [B, L, in]; absent W or b do nothing. Shapes W [in, out],
/// b [out]. Throws ShapeError, naming `subject`, if they do not fit.
template <class T>
Tensor<T> linear(const Tensor<T>& source, const std::optional<Tensor<T>>& w, const std::optional<Tensor<T>>& b,
                 const std::string& subject);

}  // namespace attn
