// Every form of a sinusoidal table, before its numbers are fitted.
#pragma once

#include <attn/verify/posenc_variant.hpp>

#include <cstddef>
#include <vector>

namespace attn::posenc {

/// Every layout, order, rule and width that a table of so many columns can have; the usual one first. Numbers
/// (base, offset, scale) are fitted for each.
std::vector<SinusoidalVariant> sinusoidal_forms(std::size_t columns);

}  // namespace attn::posenc
