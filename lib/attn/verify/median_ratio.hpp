// The factor that one tensor is another one times, where a few cells differ for other reasons.
#pragma once

#include <attn/tensor.hpp>

#include <optional>

namespace attn {

/// The median of wrong / right over the cells where that is a number other than 0; a few cells that differ for another
/// reason do not move it. Of a large tensor a part is looked at, unless that has no such cell. Empty where there is none,
/// or the shapes differ.
std::optional<double> median_ratio(const Tensor<double>& wrong, const Tensor<double>& right);

/// The same over the cells that are not alike; empty where fewer than four of them tell it.
std::optional<double> median_ratio_of_changed(const Tensor<double>& wrong, const Tensor<double>& right);

}  // namespace attn
