// --verify, --map, tolerances, hints, --mistake: holding somebody's tensors against a run, and running it wrong.
#pragma once

#include "cli11_forward.hpp"

#include <attn/verify/verification.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

struct VerifyCommandOptions {
  std::vector<std::string> files;      ///< submissions to judge
  NameMap map;                         ///< their names = our names
  std::optional<double> rtol, atol;    ///< both or neither
  bool equal_nan = false;
  std::optional<int> decimals;         ///< of numbers rounded by hand
  int hint = 0;                        ///< 1, 2 or 3: how much the report may tell; 0: everything
  std::vector<std::string> mistakes;   ///< ids to make on purpose
};

/// --verify --map --rtol --atol --equal-nan; --decimals and --hint, where worksheets are handed in; and --mistake, where
/// a run can be made wrong.
void add_verify_options(CLI::App& app, VerifyCommandOptions& options);
void add_worksheet_checks(CLI::App& app, VerifyCommandOptions& options);
void add_mistake_option(CLI::App& app, VerifyCommandOptions& options);

/// Throws UsageError for options that contradict each other or do nothing, and for a mistake that is none of
/// those the subcommand can make, which are asked for only where one is to be made.
void check_verify_options(const VerifyCommandOptions& options, Precision dtype, const std::function<std::vector<std::string>()>& ids_of_mistakes);

}  // namespace attn::tools
