#include "sinusoidal_options.hpp"

#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "../common/size_options.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace attn::tools {
namespace {

constexpr std::uint64_t farthest = std::uint64_t{1} << 62;

const Choices<PairOrder>& orders() {
  static const Choices<PairOrder> choices = {{"interleaved", PairOrder::interleaved}, {"concatenated", PairOrder::concatenated}};
  return choices;
}

const Choices<Denominator>& denominators() {
  static const Choices<Denominator> choices = {{"d", Denominator::width}, {"d-2", Denominator::width_minus_2}};
  return choices;
}

const Choices<OddWidth>& odd_widths() {
  static const Choices<OddWidth> choices = {{"error", OddWidth::refuse}, {"extra-sin", OddWidth::extra_sine}, {"drop", OddWidth::drop}};
  return choices;
}

}  // namespace

void add_table_shape(CLI::App& app, TableOptions& o, const std::string& default_len, const std::string& default_width, Without without) {
  if (!default_len.empty()) add_count(app, "--len", o.len, "Positions (default " + default_len + ")")->group("Sizes");
  add_count(app, "--d-model", o.d_model, "d: columns (default " + default_width + ")")->group("Sizes");
  static const std::string group = "Encoding";
  add_word(app, "--base", "NUMBER", "ω_j = base^(-2j/d) (default 10000)", [&o](const std::string& text) {
    o.table.base = parse_number("--base", text);
    if (o.table.base < 1) throw UsageError("--base", "expected a number of at least 1, found '" + text + "'");
  })->group(group);
  if (without != Without::offset && without != Without::offset_and_layout) {
    add_word(app, "--offset", "N", "The position of the first row (default 0)", [&o](const std::string& text) {
      o.table.offset = parse_whole("--offset", text, 0, farthest);
    })->group(group);
  }
  if (without != Without::layout && without != Without::offset_and_layout) {
    add_choice(app, "--layout", o.table.order, orders(), "sin, cos, sin, cos … (default), or all sines and then all cosines")->group(group);
  }
  add_choice(app, "--denominator", o.table.denominator, denominators(), "What the exponent 2j is divided by: d (default) or d-2; both are published")->group(group);
  add_choice(app, "--odd", o.table.odd, odd_widths(), "An odd d: refuse it (default), end with a sine of its own, or leave that column out")->group(group);
}

SinusoidalOptions options_of(const TableOptions& o, std::size_t default_width, MemoryBudget& budget) {
  constexpr std::size_t bytes_per_column = 128;  // its place in the table, its frequency, its title
  SinusoidalOptions table = o.table;
  table.d_model = o.d_model.value_or(default_width);
  if (table.d_model % 2 == 1 && table.odd == OddWidth::refuse) {
    throw UsageError("--d-model", fmt::format("{} is odd, so one sine has no cosine; choose --odd extra-sin or --odd drop, or an even width such as {}",
                                              table.d_model, table.d_model + 1));
  }
  budget.charge({table.d_model}, bytes_per_column, fmt::format("{} columns", table.d_model));
  return table;
}

void require_few_enough(std::size_t positions) {
  constexpr std::size_t most = 1'000'000'000;
  if (positions > most) throw LimitError("--len", fmt::format("every position is looked at, of {} at most; found {}", most, positions));
}

std::string divisor_text(std::size_t pair, const SinusoidalOptions& options) {
  const Exponent exponent = sinusoidal_exponent(pair, options);
  return fmt::format("{}^({}/{})", options.base, exponent.numerator, exponent.denominator);
}

}  // namespace attn::tools
