// The formulas over ranges of n, d and k: a tidy table for plotting elsewhere, or a log–log plot.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "cells.hpp"
#include "layer_options.hpp"
#include "subcommands.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace attn::tools {
namespace {

constexpr std::size_t most_rows = 1000000;

struct SweepCommand {
  LayerOptions sizes;
  OutputOptions output;
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

int run_sweep(const SweepCommand& c) {
  require_few_ranges(c.sizes);
  const lessons::Language language = c.output.language;
  TableReport report;
  report.title = phrase(language, "title.sweep");
  report.introduction = paragraphs(language, "intro.sweep");
  for (const cost::Quantity* quantity : c.quantities) report.tables.push_back(wide(c, *quantity));
  report.header = {{"tool", "complexity-compare"}, {"subcommand", "sweep"}};
  report.rows = tidy(c);
  write_table_report(report, c.output);
  return exit_done;
}

}  // namespace

Run setup_sweep(CLI::App& app) {
  auto command = std::make_shared<SweepCommand>();
  add_layer_options(app, command->sizes,
                    {"--len", "--d-model", "--kernel", "--heads", "--dilation", "--window", "--memory-len", "--dtype", "--layers"},
                    {"--len", "--d-model", "--kernel"});
  add_quantities(app, *command);
  add_table_options(app, command->output);
  command->sizes.len = {64, 128, 256, 512, 1024, 2048, 4096, 8192};
  return [command]() { return run_sweep(*command); };
}

}  // namespace attn::tools
