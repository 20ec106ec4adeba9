// What the residual connection does to the gradient of a deep stack.
#include "../common/picture.hpp"
#include "../common/run_options.hpp"
#include "experiment.hpp"
#include "stack_options.hpp"
#include "subcommands.hpp"

#include <attn/experiments/residual.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t default_layers = 24;

struct ResidualCommand {
  StackOptionsOfRun stack;
  RunOptions run;
  OutputOptions output;
  PictureOptions picture;
};

std::string name_of_stack(const ResidualCommand& c, bool connected) { return experiment_word(c.output, connected ? "connected" : "unconnected"); }

render::Table tidy_table(const std::vector<GradientPoint>& points) {
  render::Table table;
  table.columns = {{"layer"}, {"connected"}};
  add_estimate_columns(table, "log10_gradient");
  for (const GradientPoint& point : points) {
    std::vector<render::Cell> row = {static_cast<std::int64_t>(point.layer), point.connected};
    add_estimate_cells(row, point.log10_gradient);
    table.rows.push_back(std::move(row));
  }
  return table;
}

// A row a layer; points come in pairs, without the connection and with it.
TitledTable shown_table(const ResidualCommand& c, const std::vector<GradientPoint>& points) {
  TitledTable part{experiment_word(c.output, "log10_gradient"), {}};
  part.table.columns = {{experiment_word(c.output, "layer"), render::Alignment::right},
                        {name_of_stack(c, false), render::Alignment::right},
                        {name_of_stack(c, true), render::Alignment::right}};
  for (std::size_t i = 0; i + 1 < points.size(); i += 2) {
    part.table.rows.push_back({static_cast<std::int64_t>(points[i].layer), estimate_text(points[i].log10_gradient, c.output),
                               estimate_text(points[i + 1].log10_gradient, c.output)});
  }
  return part;
}

render::Plot plot_of(const ResidualCommand& c, const std::vector<GradientPoint>& points) {
  render::Plot plot{experiment_word(c.output, "residual_title"), experiment_word(c.output, "layer"), experiment_word(c.output, "log10_gradient")};
  for (const bool connected : {false, true}) {
    render::Curve curve{name_of_stack(c, connected), {}, {}};
    for (const GradientPoint& point : points) {
      if (point.connected == connected) add_point(curve, static_cast<double>(point.layer), point.log10_gradient);
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

int run_residual(const ResidualCommand& c) {
  const StackSizes sizes = stack_sizes(c.stack, default_layers, 1);
  TorchGenerator random(c.run.seed);
  const std::vector<GradientPoint> points = residual_gradients(sizes, random);
  const std::vector<render::Plot> plots = {plot_of(c, points)};
  if (write_picture(plots, c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    TableReport report = experiment_report(c.output, "residual", c.run.seed, {{"count", std::to_string(sizes.draws)}, {"total", std::to_string(sizes.layers)}});
    report.header.emplace_back("layers", static_cast<std::uint64_t>(sizes.layers));
    report.header.emplace_back("draws", static_cast<std::uint64_t>(sizes.draws));
    report.tables = {shown_table(c, points)};
    report.rows = tidy_table(points);
    report.drawing = drawings_of(plots, c.picture, c.output);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_residual(CLI::App& app) {
  auto command = std::make_shared<ResidualCommand>();
  add_stack_options(app, command->stack, default_layers);
  add_seed_option(app, command->run);
  add_picture_options(app, command->picture, command->output, Drawings::curves);
  add_table_options(app, command->output);
  return [command]() { return run_residual(*command); };
}

}  // namespace attn::tools
