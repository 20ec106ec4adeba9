// How positions and differences between tokens fade through stacked self-attention, and what keeps them.
#include "../common/picture.hpp"
#include "../common/run_options.hpp"
#include "experiment.hpp"
#include "stack_options.hpp"
#include "subcommands.hpp"

#include <attn/experiments/depth.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t default_layers = 12, default_samples = 16;

struct DepthCommand {
  StackOptionsOfRun stack;
  std::optional<std::size_t> samples;
  RunOptions run;
  OutputOptions output;
  PictureOptions picture;
};

struct KindOfStack {
  StackKind kind;
  const char* key;  // in CSV and JSON, and the name of its word
};

constexpr KindOfStack kinds[] = {{StackKind::attention, "attention"},
                                 {StackKind::attention_feed_forward, "attention_feed_forward"},
                                 {StackKind::attention_residual, "attention_residual"},
                                 {StackKind::whole_layer, "whole_layer"}};

struct Quantity {
  const char* key;
  Estimate DepthPoint::*value;
};

constexpr Quantity quantities[] = {
    {"rank_one_residual", &DepthPoint::rank_one_residual}, {"positions", &DepthPoint::positions}, {"tokens", &DepthPoint::tokens}};

const char* key_of(StackKind kind) {
  for (const KindOfStack& row : kinds) {
    if (row.kind == kind) return row.key;
  }
  return "";
}

render::Table tidy_table(const std::vector<DepthPoint>& points) {
  render::Table table;
  table.columns = {{"layer"}, {"stack"}};
  for (const Quantity& quantity : quantities) add_estimate_columns(table, quantity.key);
  for (const DepthPoint& point : points) {
    std::vector<render::Cell> row = {static_cast<std::int64_t>(point.layer), std::string(key_of(point.kind))};
    for (const Quantity& quantity : quantities) add_estimate_cells(row, point.*quantity.value);
    table.rows.push_back(std::move(row));
  }
  return table;
}

// A row a layer, a column a kind of stack; the points come layer by layer.
TitledTable shown_table(const DepthCommand& c, const std::vector<DepthPoint>& points, const Quantity& quantity) {
  TitledTable part{experiment_word(c.output, quantity.key), {}};
  part.table.columns = {{experiment_word(c.output, "layer"), render::Alignment::right}};
  for (const KindOfStack& kind : kinds) part.table.columns.push_back({experiment_word(c.output, kind.key), render::Alignment::right});
  for (const DepthPoint& point : points) {
    if (point.kind == kinds[0].kind) part.table.rows.push_back({static_cast<std::int64_t>(point.layer)});
    part.table.rows.back().emplace_back(estimate_text(point.*quantity.value, c.output));
  }
  return part;
}

render::Plot plot_of(const DepthCommand& c, const std::vector<DepthPoint>& points, const Quantity& quantity) {
  render::Plot plot{experiment_word(c.output, quantity.key), experiment_word(c.output, "layer"), experiment_word(c.output, quantity.key), false, true};
  for (const KindOfStack& kind : kinds) {
    render::Curve curve{experiment_word(c.output, kind.key), {}, {}};
    for (const DepthPoint& point : points) {
      if (point.kind == kind.kind) add_point(curve, static_cast<double>(point.layer), point.*quantity.value);
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

int run_depth(const DepthCommand& c) {
  const std::size_t samples = c.samples.value_or(default_samples);
  const StackSizes sizes = stack_sizes(c.stack, default_layers, samples);
  TorchGenerator random(c.run.seed);
  const std::vector<DepthPoint> points = depth(sizes, samples, random);
  std::vector<render::Plot> plots;
  for (const Quantity& quantity : quantities) plots.push_back(plot_of(c, points, quantity));
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    TableReport report = experiment_report(c.output, "depth", c.run.seed, {{"count", std::to_string(sizes.draws)}, {"B", std::to_string(samples)}});
    report.header.emplace_back("layers", static_cast<std::uint64_t>(sizes.layers));
    report.header.emplace_back("samples", static_cast<std::uint64_t>(samples));
    report.header.emplace_back("draws", static_cast<std::uint64_t>(sizes.draws));
    for (const Quantity& quantity : quantities) report.tables.push_back(shown_table(c, points, quantity));
    report.rows = tidy_table(points);
    report.drawing = drawings_of(plots, c.picture, c.output);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_depth(CLI::App& app) {
  auto command = std::make_shared<DepthCommand>();
  add_stack_options(app, command->stack, default_layers);
  add_count(app, "--samples", command->samples, "Sequences of each draw: other tokens at the same positions (default 16)", 2)->group("Sizes");
  add_seed_option(app, command->run);
  add_picture_options(app, command->picture, command->output, Drawings::curves);
  add_table_options(app, command->output);
  return [command]() { return run_depth(*command); };
}

}  // namespace attn::tools
