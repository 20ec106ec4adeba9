// Which mistakes the input of a run can show at all: found out by making each of them.
#pragma once

#include <attn/verify/problem.hpp>

#include <string>
#include <vector>

namespace attn {

/// Ids of the table of mistakes, each in one list, in the order of the table.
struct Revealed {
  std::vector<std::string> shown;       ///< some step differs by more than float32 rounding
  std::vector<std::string> unchanged;   ///< can be made, and no number that counts changes
  std::vector<std::string> impossible;  ///< cannot be made in this run
  std::vector<std::string> always;      ///< read off what is handed in, so that no input hides it
};

/// Makes every variant of every mistake. A convention counts as shown only where the first way to follow it
/// changes the output.
/// Runs the problem about two hundred times.
Revealed mistakes_revealed_by(const Problem<double>& problem);

}  // namespace attn
