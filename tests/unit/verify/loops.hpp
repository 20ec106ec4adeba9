// Multi-head attention as plain loops whose every step can be replaced: what a program with one mistake
// computes. Shares no arithmetic with the library, only its tensors, its step names and its options.
#pragma once

#include "naive.hpp"

#include <attn/ops/multihead.hpp>
#include <attn/verify/problem.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace loops {

using attn::Problem;
using attn::Shape;
using attn::Step;
using Array = attn::Tensor<double>;
using Tensors = std::map<Step, Array>;
using Index = std::size_t;

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class F>
Array cells3(const Shape& shape, F&& f) {
  Array result = attn::empty<double>(shape);
  for (Index a = 0; a < shape[0]; ++a) {
    for (Index b = 0; b < shape[1]; ++b) {
      for (Index c = 0; c < shape[2]; ++c) result(a, b, c) = f(a, b, c);
    }
  }
  return result;
}

template <class F>
Array cells4(const Shape& shape, F&& f) {
  Array result = attn::empty<double>(shape);
  for (Index a = 0; a < shape[0]; ++a) {
    for (Index b = 0; b < shape[1]; ++b) {
      for (Index c = 0; c < shape[2]; ++c) {
        for (Index d = 0; d < shape[3]; ++d) result(a, b, c, d) = f(a, b, c, d);
      }
    }
  }
  return result;
}

/// source [B, L, in]·w [in, out] + b [out].
inline Array mapped(const Array& source, const Array& w, const std::optional<Array>& bias) {
  return cells3({source.shape(0), source.shape(1), w.shape(1)}, [&](Index b, Index l, Index c) {
    double sum = 0;
    for (Index e = 0; e < w.shape(0); ++e) sum += source(b, l, e) * w(e, c);
    return bias ? sum + (*bias)(c) : sum;
  });
}

/// exp(s) / Σ exp(s) over the last axis; a row of −inf gives zeros.
inline Array softmax_rows(const Array& scores) {
  return cells4(attn::shape_of(scores), [&](Index b, Index h, Index i, Index j) {
    double sum = 0;
    for (Index k = 0; k < scores.shape(3); ++k) sum += std::exp(scores(b, h, i, k));
    return sum > 0 ? std::exp(scores(b, h, i, j)) / sum : 0.0;
  });
}

/// One run: what is given, and how the right mask reads: (b, h, i, j) -> the number to add.
struct Case {
  attn::MultiheadInputs<double> inputs;  // rank 3
  attn::MultiheadWeights<double> weights;
  attn::MultiheadOptions<double> options;
  std::function<double(Index b, Index h, Index i, Index j)> mask;
};

/// The steps of a case, right except where one was replaced.
struct Program {
  using Compute = std::function<Array(const Program&, const Tensors&)>;

  Case given;
  std::map<Step, Compute> replaced;  ///< later steps follow from these
  std::map<Step, Compute> exported;  ///< what is shown of a step; later steps follow from the step itself

  const Array& x() const { return given.inputs.x; }
  const Array& memory() const { return given.inputs.memory ? *given.inputs.memory : x(); }
  const Array& memory_value() const { return given.inputs.memory_value ? *given.inputs.memory_value : memory(); }
  double scale(const Tensors& t) const {
    return given.options.attention.scale.value_or(1 / std::sqrt(static_cast<double>(t.at(Step::q).shape(3))));
  }
  const Array& unmasked(const Tensors& t) const {
    return t.at(t.count(Step::scores_capped) ? Step::scores_capped : Step::scores_scaled);
  }

  Array right(Step step, const Tensors& t) const {
    const auto& w = given.weights;
    switch (step) {
      case Step::q_proj: return mapped(x(), *w.w_q, w.b_q);
      case Step::k_proj: return mapped(memory(), *w.w_k, w.b_k);
      case Step::v_proj: return mapped(memory_value(), *w.w_v, w.b_v);
      case Step::q: return split(t.at(Step::q_proj), given.options.heads);
      case Step::k: return split(t.at(Step::k_proj), given.options.kv_heads);
      case Step::v: return split(t.at(Step::v_proj), given.options.kv_heads);
      case Step::scores_raw: return products(t.at(Step::q), t.at(Step::k));
      case Step::scores_scaled: return each(t.at(Step::scores_raw), [&](double s) { return s * scale(t); });
      case Step::scores_capped: {
        const double c = *given.options.attention.softcap;
        return each(t.at(Step::scores_scaled), [c](double s) { return c * std::tanh(s / c); });
      }
      case Step::mask: return cells4(attn::shape_of(t.at(Step::scores_raw)), given.mask);
      case Step::scores_masked: return masked(t);
      case Step::weights: return softmax_rows(t.at(Step::scores_masked));
      case Step::heads: return sums(t.at(Step::weights), t.at(Step::v));
      case Step::merged: return merge(t.at(Step::heads));
      default: return mapped(t.at(Step::merged), *w.w_o, w.b_o);
    }
  }

  Tensors run() const {
    std::vector<Step> order = {Step::q_proj, Step::k_proj, Step::v_proj, Step::q, Step::k, Step::v, Step::scores_raw, Step::scores_scaled};
    if (given.options.attention.softcap) order.push_back(Step::scores_capped);
    if (given.mask) order.push_back(Step::mask);
    order.insert(order.end(), {Step::scores_masked, Step::weights, Step::heads, Step::merged, Step::output});
    Tensors computed;
    for (const Step step : order) {
      const auto found = replaced.find(step);
      computed[step] = found != replaced.end() ? found->second(*this, computed) : right(step, computed);
    }
    Tensors shown = computed;
    for (const auto& [step, compute] : exported) shown[step] = compute(*this, computed);
    return shown;
  }

  // (B, L, H·D) -> (B, H, L, D)
  static Array split(const Array& projected, Index heads) {
    const Index width = projected.shape(2) / heads;
    return cells4({projected.shape(0), heads, projected.shape(1), width},
                  [&](Index b, Index h, Index l, Index d) { return projected(b, l, h * width + d); });
  }
  static Array merge(const Array& heads) {
    const Index width = heads.shape(3);
    return cells3({heads.shape(0), heads.shape(2), heads.shape(1) * width},
                  [&](Index b, Index l, Index c) { return heads(b, c / width, l, c % width); });
  }
  static Array products(const Array& q, const Array& k) {
    const Index group = q.shape(1) / k.shape(1);
    return cells4({q.shape(0), q.shape(1), q.shape(2), k.shape(2)}, [&](Index b, Index h, Index i, Index j) {
      double sum = 0;
      for (Index d = 0; d < q.shape(3); ++d) sum += q(b, h, i, d) * k(b, h / group, j, d);
      return sum;
    });
  }
  static Array sums(const Array& weights, const Array& v) {
    const Index group = weights.shape(1) / v.shape(1);
    return cells4({weights.shape(0), weights.shape(1), weights.shape(2), v.shape(3)}, [&](Index b, Index h, Index i, Index c) {
      double sum = 0;
      for (Index j = 0; j < v.shape(2); ++j) sum += weights(b, h, i, j) * v(b, h / group, j, c);
      return sum;
    });
  }
  template <class F>
  static Array each(Array tensor, F&& f) {
    for (double& value : tensor.storage()) value = f(value);
    return tensor;
  }

 private:
  Array masked(const Tensors& t) const {
    Array scores = unmasked(t);
    if (!given.mask) return scores;
    const Array& mask = t.at(Step::mask);
    return cells4(attn::shape_of(scores), [&](Index b, Index h, Index i, Index j) {
      return mask(b, h, i, j) == -infinity ? given.options.attention.mask_fill : scores(b, h, i, j) + mask(b, h, i, j);
    });
  }
};

/// The case as the library's verification sees it.
inline Problem<double> problem_of(const Case& given) {
  Problem<double> problem;
  problem.weights = given.weights;
  problem.options = given.options;
  if (given.weights.bias_k || given.weights.bias_v) ++problem.options.attention.mask.exempt_keys;
  if (given.options.add_zero_attn) ++problem.options.attention.mask.exempt_keys;
  const auto steps = attn::multihead(given.inputs, given.weights, given.options);
  problem.sizes = steps.attention.sizes;
  problem.output_shape = attn::shape_of(steps.output);
  attn::visit(steps, [&problem](Step step, const Array& tensor) {
    if (attn::step_info(step).kind == attn::StepKind::input) {
      problem.inputs.emplace(step, tensor);
    } else {
      problem.steps.push_back(step);
    }
  });
  return problem;
}

/// Equal shapes, and every cell equal, both NaN, or within `tolerance`.
inline bool agree(const Array& a, const Array& b, double tolerance = 1e-12) {
  if (attn::shape_of(a) != attn::shape_of(b)) return false;
  for (Index i = 0; i < a.size(); ++i) {
    const double left = a.data()[i], right = b.data()[i];
    const bool same = left == right || (std::isnan(left) && std::isnan(right)) || std::abs(left - right) <= tolerance * (1 + std::abs(left));
    if (!same) return false;
  }
  return true;
}

}  // namespace loops
