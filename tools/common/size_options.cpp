#include "size_options.hpp"

#include "numbers.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <limits>

namespace attn::tools {
namespace {

struct SizeRow {
  const char* option;
  std::optional<std::size_t> SizeOptions::*size;
  const char* help;
};

constexpr SizeRow size_rows[] = {
    {"--batch", &SizeOptions::batch, "B: samples"},
    {"--len", &SizeOptions::len, "Lq and Lk: sequence length"},
    {"--query-len", &SizeOptions::query_len, "Lq: queries"},
    {"--key-len", &SizeOptions::key_len, "Lk: keys (new ones, if there is a cache)"},
    {"--d-model", &SizeOptions::d_model, "E: embedding width"},
    {"--heads", &SizeOptions::heads, "H: query heads"},
    {"--kv-heads", &SizeOptions::kv_heads, "Hk: key/value heads; a divisor of H (default H)"},
    {"--head-dim", &SizeOptions::head_dim, "D: head size of queries and keys"},
    {"--value-dim", &SizeOptions::value_dim, "Dv: head size of values (default D)"},
};

}  // namespace

CLI::Option* add_count(CLI::App& app, const std::string& option, std::optional<std::size_t>& target,
                       const std::string& help, std::size_t least) {
  return app
      .add_option_function<std::string>(
          option,
          [&target, option, least](const std::string& text) {
            // Sizes are multiplied with each other; half the range of ptrdiff_t is far beyond any memory.
            target = parse_whole(option, text, least, std::numeric_limits<std::ptrdiff_t>::max());
          },
          help)
      ->type_name("N");
}

void add_size_options(CLI::App& app, SizeOptions& sizes, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (const SizeRow& row : size_rows) {
      if (name == row.option) add_count(app, row.option, sizes.*row.size, row.help)->group("Sizes");
    }
  }
}

void require_agreement(const std::string& option, const std::optional<std::size_t>& wanted, std::size_t actual,
                       const std::string& where) {
  if (wanted && *wanted != actual) {
    throw UsageError(option, fmt::format("{} contradicts {}, where it is {}", *wanted, where, actual));
  }
}

void require_lengths(const SizeOptions& sizes, std::size_t query_len, const std::string& query, std::size_t key_len,
                     const std::string& key) {
  require_agreement("--query-len", sizes.query_len, query_len, query);
  require_agreement("--key-len", sizes.key_len, key_len, key);
  if (!sizes.query_len) require_agreement("--len", sizes.len, query_len, query);
  if (!sizes.key_len) require_agreement("--len", sizes.len, key_len, key);
}

}  // namespace attn::tools
