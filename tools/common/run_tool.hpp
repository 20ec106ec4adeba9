// What the four tools share around their subcommands: choosing one, parsing, and the one place where
// everything that can go wrong becomes an exit code and a line on standard error.
#pragma once

#include "cli11_forward.hpp"

#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

/// Exit codes beyond those of attn::ErrorKind.
enum ExitCode { exit_done = 0, exit_different = 1, exit_bug = 70 };

/// Does the work of a subcommand after parsing; returns exit_done or exit_different.
using Run = std::function<int()>;

/// One row of a tool's table of subcommands.
struct Subcommand {
  std::string name;
  std::string summary;   ///< one line, for the list of subcommands
  std::string examples;  ///< command lines, shown first in its help
  Run (*setup)(CLI::App& app);  ///< adds the options, opens nothing; the returned Run owns their values
  /// What the subcommand can be applied to, each with a setup of its own; the first when none is named.
  std::vector<Subcommand> forms{};
};

struct Tool {
  std::string name;
  std::string summary;
  std::string examples;
  std::vector<Subcommand> subcommands;
};

/// The whole life of a tool: parse, run, flush, report. Returns the process's exit code.
int run_tool(const Tool& tool, int argc, const char* const* argv);

}  // namespace attn::tools
