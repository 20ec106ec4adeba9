// Sinusoidal tables whose angles were computed in half precision (E11).
#pragma once

#include <attn/verify/posenc_table.hpp>

#include <vector>

namespace attn::posenc {

/// Every form and every order of computation that reproduces the table bit by bit, but for the last bit of at
/// most one cell in ten, and does so in cells where an exact angle does not. `tolerances` are tolerances_of() it.
Identification identify_half_angles(const RowTable& table, const std::vector<TypeTolerance>& tolerances);

}  // namespace attn::posenc
