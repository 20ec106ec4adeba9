// --batch, --len, --d-model, …: the sizes of a run. They shape the inputs that are not given as tensors
// and are held against those that are.
#pragma once

#include "cli11_forward.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

struct SizeOptions {
  std::optional<std::size_t> batch, len, query_len, key_len, d_model, heads, kv_heads, head_dim, value_dim;
};

/// Adds the named size options ("--batch", …) to a subcommand.
void add_size_options(CLI::App& app, SizeOptions& sizes, const std::vector<std::string>& names);

/// Adds one option for a whole number of at least `least`.
CLI::Option* add_count(CLI::App& app, const std::string& option, std::optional<std::size_t>& target,
                       const std::string& help, std::size_t least = 1);

/// Throws UsageError if the option was given and says something else than `actual`, the size that
/// `where` has.
void require_agreement(const std::string& option, const std::optional<std::size_t>& wanted, std::size_t actual,
                       const std::string& where);

/// Throws UsageError if --query-len, --key-len, or --len standing for one that is not given, contradicts
/// the lengths that the tensors have.
void require_lengths(const SizeOptions& sizes, std::size_t query_len, const std::string& query, std::size_t key_len,
                     const std::string& key);

}  // namespace attn::tools
