// Somebody's converted tensors held against ours: the options, and the report of the verification.
#pragma once

#include "../common/cli11_forward.hpp"
#include "../common/output_options.hpp"

#include <attn/io/array.hpp>
#include <attn/verify/moved.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

struct MovedVerifyOptions {
  std::string file;                  ///< empty: nothing is verified
  std::optional<double> rtol, atol;  ///< both or neither
};

/// --verify, --rtol, --atol.
void add_moved_verify_options(CLI::App& app, MovedVerifyOptions& options);

/// Throws UsageError for one tolerance without the other, and for tolerances without --verify.
void check_moved_verify(const MovedVerifyOptions& options);

/// Holds their arrays against ours, writes the report, and returns the exit code: done if they match, else
/// different. Without tolerances every number must be equal, or equal after rounding to the element type that
/// they chose.
int verify_and_report(const std::vector<MovedTensor>& ours, const std::vector<io::NamedArray>& theirs, const std::vector<MovedMistake>& mistakes,
                      const MovedVerifyOptions& verify, const OutputOptions& output);

}  // namespace attn::tools
