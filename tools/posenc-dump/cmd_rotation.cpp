// Relative position: one rotation a pair takes every row to the row delta further on.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "../common/table_report.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "sinusoidal_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/ops/position_relative.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t default_len = 60, default_width = 8;

struct RotationCommand {
  TableOptions shape;
  OutputOptions output;
  VerifyCommandOptions verify;
  std::int64_t delta = 1;
};

std::int64_t parse_delta(const std::string& text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (text.find_first_not_of("0123456789", negative) != std::string::npos) throw UsageError("--delta", "expected a whole number, such as 3 or -3, found '" + text + "'");
  const auto size = static_cast<std::int64_t>(parse_whole("--delta", negative ? text.substr(1) : text, 0, std::uint64_t{1} << 62));
  return negative ? -size : size;
}

render::Table table_of(const RotationCommand& c, const std::vector<PairRotation>& pairs) {
  const auto right = render::Alignment::right;
  render::Table table;
  table.columns = {{posenc_word(c.output, "pair"), right, "pair"}, {"ω", right, "omega"}, {"cos δω", right, "cos"}, {"sin δω", right, "sin"},
                   {"-sin δω", right, "minus_sin"}, {posenc_word(c.output, "largest_error"), right, "largest_error"}, {posenc_word(c.output, "at_row"), right, "at_row"}};
  for (std::size_t j = 0; j < pairs.size(); ++j) {
    const PairRotation& pair = pairs[j];
    table.rows.push_back({static_cast<std::int64_t>(j), pair.omega, pair.angle.cos, pair.angle.sin, 0 - pair.angle.sin, pair.largest_error, static_cast<std::int64_t>(pair.worst_row)});
  }
  return table;
}

int run_rotation(const RotationCommand& c) {
  MemoryBudget budget(0);
  const SinusoidalOptions options = options_of(c.shape, default_width, budget);
  budget.charge({options.d_model}, bytes_per_line, "the lines that are printed");
  const std::size_t len = c.shape.len.value_or(default_len);
  require_few_enough(len);
  const std::vector<PairRotation> pairs = rotations(c.delta, len, options);
  if (pairs.empty()) throw UsageError("--d-model", "expected at least one whole pair, so 2 or more; found " + std::to_string(options.d_model));
  if (!c.verify.files.empty()) {
    EncodingReport words{c.output, {options.d_model}};
    words.unnamed = Step::pair_rotation;
    return verify_encoding_files(c.verify, rotation_run(options, c.delta), words);
  }
  double largest = 0;
  for (const PairRotation& pair : pairs) largest = std::max(largest, pair.largest_error);
  const auto make = [&]() {
    TableReport report;
    report.title = posenc_word(c.output, "rotation_title", {{"offset", std::to_string(c.delta)}});
    report.introduction = posenc_notes(c.output, "rotation");
    report.rows = table_of(c, pairs);
    report.tables = {{"[[cos δω, sin δω], [-sin δω, cos δω]]", shown_table(c.output, report.rows)}};
    report.closing = posenc_notes(c.output, "rotation_result", {{"count", std::to_string(len)}, {"deviation", fmt::format("{:.2g}", largest)}});
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "rotation"}, {"delta", c.delta},
                     {"len", static_cast<std::uint64_t>(len)}, {"largest_error", largest}};
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_rotation(CLI::App& app) {
  auto command = std::make_shared<RotationCommand>();
  add_table_shape(app, command->shape, "60", "8", Without::layout);
  add_word(app, "--delta", "N", "δ: positions to move, negative for back (default 1)", [c = command.get()](const std::string& text) { c->delta = parse_delta(text); })
      ->group("Encoding");
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_table_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, Precision::float64, {});
    return run_rotation(*command);
  };
}

}  // namespace attn::tools
