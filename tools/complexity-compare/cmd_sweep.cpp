// The formulas over ranges of n, d and k: a tidy table for plotting elsewhere, or a log–log plot.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "../common/picture.hpp"
#include "cells.hpp"
#include "layer_options.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <map>
#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t most_rows = 1000000;

struct SweepCommand {
  LayerOptions sizes;
  OutputOptions output;
  PictureOptions picture;
  std::vector<const cost::Quantity*> quantities;
};

void add_quantities(CLI::App& app, SweepCommand& c) {
  Choices<const cost::Quantity*> choices;
  for (const cost::Quantity& row : cost::quantity_table()) choices.emplace_back(row.key, &row);
  c.quantities = {parse_choice("--quantity", "core_macs", choices)};
  app.add_option_function<std::string>(
         "--quantity",
         [&c, choices](const std::string& text) {
           c.quantities.clear();
           for (const std::string& word : parse_list("--quantity", text)) c.quantities.push_back(parse_choice("--quantity", word, choices));
         },
         "What to compute (default core_macs): " + list_of_words(words_of(choices)))
      ->type_name("NAME,…")
      ->group("Layers");
}

// One or two of the three sizes vary; more would be a table nobody can read.
void require_few_ranges(const LayerOptions& sizes) {
  const int ranges = (sizes.len.size() > 1) + (sizes.d_model.size() > 1) + (sizes.kernel.size() > 1);
  if (ranges > 2) throw UsageError("", "a sweep varies one or two of --len, --d-model and --kernel, found all three");
  const std::size_t points = sizes.len.size() * sizes.d_model.size() * sizes.kernel.size();
  if (points > most_rows / sizes.layers.size()) {
    throw UsageError("", fmt::format("the sweep has {} points, more than {}", points, most_rows / sizes.layers.size()));
  }
}

template <class Visit>
void for_each_point(const LayerOptions& sizes, Visit&& visit) {
  for (const cost::Count d : sizes.d_model) {
    for (const cost::Count k : sizes.kernel) {
      for (const cost::Count n : sizes.len) visit(values_of(sizes, n, d, k));
    }
  }
}

render::Table tidy(const SweepCommand& c) {
  using cost::Letter;
  render::Table table;
  for (const char* key : {"layer", "quantity", "n", "d", "k", "h", "value"}) table.columns.push_back({key});
  for_each_point(c.sizes, [&](const cost::Values& values) {
    for (const cost::Layer layer : c.sizes.layers) {
      for (const cost::Quantity* quantity : c.quantities) {
        const std::optional<cost::Count> value = quantity->amount(layer, values).value;
        table.rows.push_back({cost::layer_info(layer).key, quantity->key, exact_cell(values[Letter::n]), exact_cell(values[Letter::d]),
                              exact_cell(values[Letter::k]), exact_cell(values[Letter::h]), value ? exact_cell(*value) : render::Cell()});
      }
    }
  });
  return table;
}

// For people: a row a point, a column a layer.
TitledTable wide(const SweepCommand& c, const cost::Quantity& quantity) {
  using cost::Letter;
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, "column." + std::string(quantity.key)), {}, {}};
  for (const char* letter : {"n", "d", "k"}) part.table.columns.push_back({letter, render::Alignment::right, letter, {}});
  for (const cost::Layer layer : c.sizes.layers) {
    part.table.columns.push_back({layer_name(language, layer), render::Alignment::right, "", {}});
  }
  for_each_point(c.sizes, [&](const cost::Values& values) {
    std::vector<render::Cell> cells;
    for (const Letter letter : {Letter::n, Letter::d, Letter::k}) cells.push_back(readable_cell(values[letter]));
    for (const cost::Layer layer : c.sizes.layers) cells.push_back(readable_cell(quantity.amount(layer, values).value));
    part.table.rows.push_back(std::move(cells));
  });
  return part;
}

// The size along the x axis: the first that varies, n if none does. The other one makes more curves.
cost::Letter plotted_letter(const LayerOptions& sizes) {
  if (sizes.len.size() > 1) return cost::Letter::n;
  if (sizes.d_model.size() > 1) return cost::Letter::d;
  return sizes.kernel.size() > 1 ? cost::Letter::k : cost::Letter::n;
}

std::vector<render::Curve> curves_of(const SweepCommand& c, const cost::Quantity& quantity, cost::Letter along) {
  using cost::Letter;
  std::vector<render::Curve> curves;
  for (const cost::Layer layer : c.sizes.layers) {
    std::map<std::string, render::Curve> by_other_sizes;
    for_each_point(c.sizes, [&](const cost::Values& values) {
      std::vector<Letter> others;
      if (along != Letter::d && c.sizes.d_model.size() > 1) others.push_back(Letter::d);
      if (along != Letter::k && c.sizes.kernel.size() > 1) others.push_back(Letter::k);
      const std::string rest = describe(values, others);
      render::Curve& curve = by_other_sizes[rest];
      curve.title = layer_name(c.output.language, layer) + (rest.empty() ? "" : ", " + rest);
      const std::optional<cost::Count> value = quantity.amount(layer, values).value;
      if (!value) return;
      curve.x.push_back(cost::to_double(values[along]));
      curve.y.push_back(cost::to_double(*value));
    });
    for (auto& entry : by_other_sizes) curves.push_back(std::move(entry.second));
  }
  return curves;
}

std::vector<render::Plot> plots_of(const SweepCommand& c) {
  const cost::Letter along = plotted_letter(c.sizes);
  std::vector<render::Plot> plots;
  for (const cost::Quantity* quantity : c.quantities) {
    render::Plot plot;
    plot.title = phrase(c.output.language, "column." + std::string(quantity->key));
    plot.x_label = cost::letter_table()[static_cast<std::size_t>(along)].name;
    plot.y_label = quantity->unit;
    plot.log_x = plot.log_y = true;
    plot.curves = curves_of(c, *quantity, along);
    plots.push_back(std::move(plot));
  }
  return plots;
}

int run_sweep(const SweepCommand& c) {
  require_few_ranges(c.sizes);
  if (write_picture(plots_of(c), c.picture, c.output)) return exit_done;
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    TableReport report;
    report.title = phrase(language, "title.sweep");
    report.introduction = paragraphs(language, "intro.sweep");
    for (const cost::Quantity* quantity : c.quantities) report.tables.push_back(wide(c, *quantity));
    report.header = {{"tool", "complexity-compare"}, {"version", ATTNSCOPE_VERSION}, {"command", "sweep"}};
    report.rows = tidy(c);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_sweep(CLI::App& app) {
  auto command = std::make_shared<SweepCommand>();
  command->sizes.len = {64, 128, 256, 512, 1024, 2048, 4096, 8192};
  add_layer_options(app, command->sizes,
                    {"--len", "--d-model", "--kernel", "--heads", "--dilation", "--window", "--memory-len", "--dtype", "--layers"},
                    {"--len", "--d-model", "--kernel"});
  add_quantities(app, *command);
  add_picture_options(app, command->picture, command->output, Drawings::none);
  add_table_options(app, command->output, Numbers::whole);
  return [command]() { return run_sweep(*command); };
}

}  // namespace attn::tools
