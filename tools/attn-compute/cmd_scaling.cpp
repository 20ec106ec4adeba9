// Why scores are divided by √d: variance of q·k, saturation of the softmax, size of its Jacobian.
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/picture.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "experiment.hpp"
#include "subcommands.hpp"

#include <attn/experiments/scaling.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <limits>
#include <memory>

namespace attn::tools {
namespace {

struct ScalingCommand {
  ScalingOptions options{{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}};
  std::optional<std::size_t> keys, draws;
  RunOptions run;
  OutputOptions output;
  PictureOptions picture;
};

// One quantity of a point: its key in CSV and JSON, which is also the name of its word.
struct Quantity {
  const char* key;
  Estimate ScalingPoint::*value;
  bool log_y;
};

constexpr Quantity quantities[] = {{"variance", &ScalingPoint::variance, true},
                                   {"largest_weight", &ScalingPoint::largest_weight, false},
                                   {"entropy", &ScalingPoint::entropy, false},
                                   {"jacobian", &ScalingPoint::jacobian, false}};

render::Table tidy_table(const std::vector<ScalingPoint>& points) {
  render::Table table;
  table.columns = {{"head_dim"}, {"scaled"}};
  for (const Quantity& quantity : quantities) add_estimate_columns(table, quantity.key);
  for (const ScalingPoint& point : points) {
    std::vector<render::Cell> row = {static_cast<std::int64_t>(point.head_dim), point.scaled};
    for (const Quantity& quantity : quantities) add_estimate_cells(row, point.*quantity.value);
    table.rows.push_back(std::move(row));
  }
  return table;
}

TitledTable shown_table(const ScalingCommand& c, const std::vector<ScalingPoint>& points, bool scaled) {
  TitledTable part{experiment_word(c.output, scaled ? "scaled" : "unscaled"), {}};
  part.table.columns = {{"d", render::Alignment::right}};
  for (const Quantity& quantity : quantities) part.table.columns.push_back({experiment_word(c.output, quantity.key), render::Alignment::right});
  for (const ScalingPoint& point : points) {
    if (point.scaled != scaled) continue;
    std::vector<render::Cell> row = {static_cast<std::int64_t>(point.head_dim)};
    for (const Quantity& quantity : quantities) row.emplace_back(estimate_text(point.*quantity.value, c.output));
    part.table.rows.push_back(std::move(row));
  }
  return part;
}

std::vector<render::Plot> plots_of(const ScalingCommand& c, const std::vector<ScalingPoint>& points) {
  std::vector<render::Plot> plots;
  for (const Quantity& quantity : quantities) {
    render::Plot plot{experiment_word(c.output, quantity.key), "d", experiment_word(c.output, quantity.key), true, quantity.log_y};
    for (const bool scaled : {false, true}) {
      render::Curve curve{experiment_word(c.output, scaled ? "scaled" : "unscaled"), {}, {}};
      for (const ScalingPoint& point : points) {
        if (point.scaled == scaled) add_point(curve, static_cast<double>(point.head_dim), point.*quantity.value);
      }
      plot.curves.push_back(std::move(curve));
    }
    plots.push_back(std::move(plot));
  }
  return plots;
}

int run_scaling(ScalingCommand& c) {
  c.options.keys = c.keys.value_or(c.options.keys);
  c.options.draws = c.draws.value_or(c.options.draws);
  const std::size_t widest = *std::max_element(c.options.head_dims.begin(), c.options.head_dims.end());
  const std::optional<std::size_t> numbers = element_count({widest, c.options.keys, 8});
  MemoryBudget(0).charge(numbers ? *numbers : std::numeric_limits<std::size_t>::max(), "the keys of one query");
  TorchGenerator random(c.run.seed);
  const std::vector<ScalingPoint> points = scaling(c.options, random);
  const std::vector<render::Plot> plots = plots_of(c, points);
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    TableReport report = experiment_report(c.output, "scaling", c.run.seed, {{"count", std::to_string(c.options.draws)}, {"Lk", std::to_string(c.options.keys)}});
    report.header.emplace_back("keys", static_cast<std::uint64_t>(c.options.keys));
    report.header.emplace_back("draws", static_cast<std::uint64_t>(c.options.draws));
    report.tables = {shown_table(c, points, false), shown_table(c, points, true)};
    report.rows = tidy_table(points);
    report.drawing = drawings_of(plots, c.picture, c.output);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_scaling(CLI::App& app) {
  auto command = std::make_shared<ScalingCommand>();
  ScalingCommand& c = *command;
  app.add_option_function<std::string>(
         "--head-dims",
         [&c](const std::string& text) {
           c.options.head_dims.clear();
           for (const std::string& part : parse_list("--head-dims", text)) c.options.head_dims.push_back(parse_whole("--head-dims", part, 1, std::size_t{1} << 40));
         },
         "d, several sizes (default 1,2,4,…,512)")
      ->type_name("N,…")
      ->group("Sizes");
  add_count(app, "--keys", c.keys, "Keys of each query (default 64)", 2)->group("Sizes");
  add_count(app, "--draws", c.draws, "Queries, each with its own keys (default 200)")->group("Sizes");
  add_seed_option(app, c.run);
  add_picture_options(app, c.picture, c.output, Drawings::curves);
  add_table_options(app, c.output);
  return [command]() { return run_scaling(*command); };
}

}  // namespace attn::tools
