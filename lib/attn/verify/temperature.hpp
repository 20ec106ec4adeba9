// The factor on the scores that weights show.
#pragma once

#include <attn/tensor.hpp>

#include <optional>

namespace attn {

/// The t with weights = softmax(t·scores) over the last axis, as the median over the cells that tell it: log(w/w_top) over
/// the distance of the score to the largest of its row. Empty where no cell does, or the shapes differ.
std::optional<double> factor_in_softmax(const Tensor<double>& weights, const Tensor<double>& scores);

}  // namespace attn
