// How far off each number type is, and each way to compute the angle, by position.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "../common/table_report.hpp"
#include "../common/picture.hpp"
#include "sinusoidal_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/ops/position_precision.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t default_len = 100000, default_width = 32, samples = 300;

struct PrecisionCommand {
  TableOptions shape;
  OutputOptions output;
  PictureOptions picture;
  double tolerance = 1e-3;
};

render::Table summary(const PrecisionCommand& c, const std::vector<MethodError>& errors) {
  const auto right = render::Alignment::right;
  render::Table table;
  table.columns = {{posenc_word(c.output, "method")}, {posenc_word(c.output, "how")}, {posenc_word(c.output, "largest_sampled"), right}, {posenc_word(c.output, "first_beyond"), right}};
  for (const MethodError& error : errors) {
    const AngleMethod& method = angle_methods()[error.method];
    const double largest = *std::max_element(error.largest_error.begin(), error.largest_error.end());
    table.rows.push_back({std::string(method.name), posenc_word(c.output, "method_" + std::string(method.name)), largest,
                          error.exceeds ? render::Cell(static_cast<std::int64_t>(error.first_beyond)) : render::Cell(std::string("-"))});
  }
  return table;
}

render::Table tidy(const std::vector<MethodError>& errors, const std::vector<std::uint64_t>& positions) {
  render::Table table;
  table.columns = {{"method"}, {"position"}, {"largest_error"}, {"beyond_tolerance_from"}};
  for (const MethodError& error : errors) {
    for (std::size_t i = 0; i < positions.size(); ++i) {
      table.rows.push_back({std::string(angle_methods()[error.method].name), static_cast<std::int64_t>(positions[i]), error.largest_error[i],
                            error.exceeds ? render::Cell(static_cast<std::int64_t>(error.first_beyond)) : render::Cell()});
    }
  }
  return table;
}

render::Plot plot_of(const PrecisionCommand& c, const std::vector<MethodError>& errors, const std::vector<std::uint64_t>& positions) {
  render::Plot plot{posenc_word(c.output, "precision_title"), posenc_word(c.output, "position"), posenc_word(c.output, "largest_error"), true, true};
  for (const MethodError& error : errors) {
    render::Curve curve{std::string(angle_methods()[error.method].name), {}, error.largest_error};
    for (const std::uint64_t position : positions) curve.x.push_back(static_cast<double>(position));
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

int run_precision(const PrecisionCommand& c) {
  MemoryBudget budget(0);
  const SinusoidalOptions options = options_of(c.shape, default_width, budget);
  const std::size_t len = c.shape.len.value_or(default_len);
  require_few_enough(len);
  std::vector<std::uint64_t> positions = sampled_positions(len - 1, samples);
  for (std::uint64_t& position : positions) position += options.offset;
  const std::vector<MethodError> errors = precision_errors(positions, options, c.tolerance);
  const std::vector<render::Plot> plots = {plot_of(c, errors, positions)};
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    TableReport report;
    report.title = posenc_word(c.output, "precision_title");
    report.introduction = posenc_notes(c.output, "precision", {{"count", std::to_string(positions.size())}, {"deviation", fmt::format("{}", c.tolerance)}});
    report.tables = {{posenc_word(c.output, "precision_table"), shown_table(c.output, summary(c, errors))}};
    report.rows = tidy(errors, positions);
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "precision"}, {"tolerance", c.tolerance}};
    report.drawing = drawings_of(plots, c.picture, c.output);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_precision(CLI::App& app) {
  auto command = std::make_shared<PrecisionCommand>();
  add_table_shape(app, command->shape, "100000", "32", Without::layout);
  add_word(app, "--tolerance", "NUMBER", "Name the first position with a larger error (default 1e-3)", [c = command.get()](const std::string& text) {
    c->tolerance = parse_number("--tolerance", text);
    if (c->tolerance < 0) throw UsageError("--tolerance", "expected a number of at least 0, found '" + text + "'");
  })->group("Encoding");
  add_picture_options(app, command->picture, command->output, Drawings::curves);
  add_table_options(app, command->output);
  return [command]() { return run_precision(*command); };
}

}  // namespace attn::tools
