// What a matching input could not have shown: decided by making every mistake.
#pragma once

#include <attn/verify/compare.hpp>
#include <attn/verify/problem.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn {

struct BlindSpot {
  std::string id;
  bool applies = false;      ///< false: the mistake cannot be made in this run at all
};

struct BlindSpots {
  std::vector<BlindSpot> spots;
  std::optional<Sizes> decided_on;  ///< the part of a large run that they were decided on; empty: the run itself
  bool left_out = false;            ///< a layer too large to make every mistake in it
};

/// What of a submission was held against ours, and agrees.
struct Observed {
  std::vector<Step> steps;
  bool without_padding = false;  ///< their rows of padding hold something else, and were left out
};

/// The ids whose every variant leaves all that was observed unchanged, to rounding, or does not apply. A large
/// run is cut down first; a large layer is not tried at all.
BlindSpots find_blind_spots(const Problem<double>& problem, const Observed& observed);

}  // namespace attn
