// Which sinusoidal table: shared by every subcommand that makes one.
#pragma once

#include "../common/cli11_forward.hpp"
#include "../common/memory_budget.hpp"

#include <attn/ops/position.hpp>

#include <optional>
#include <string>

namespace attn::tools {

struct TableOptions {
  std::optional<std::size_t> len, d_model;
  SinusoidalOptions table;  ///< d_model is filled in by options_of
};

/// What a subcommand's result does not depend on; it does not take those options.
enum class Without { nothing, offset, layout, offset_and_layout };

/// --len (unless its default is empty) --d-model --base --offset --layout --denominator --odd.
void add_table_shape(CLI::App& app, TableOptions& options, const std::string& default_len, const std::string& default_width,
                     Without without = Without::nothing);

/// The options with the width that was asked for, or `default_width`; charges what every column needs.
SinusoidalOptions options_of(const TableOptions& options, std::size_t default_width, MemoryBudget& budget);

/// What a line of a printed table takes while it is made.
constexpr std::size_t bytes_per_line = 512;

/// Throws LimitError beyond 10⁹ positions: looking at every one of more would not end within the hour.
void require_few_enough(std::size_t positions);

/// "10000^(6/32)": the divisor of a pair's angle as it is written.
std::string divisor_text(std::size_t pair, const SinusoidalOptions& options);

}  // namespace attn::tools
