// The path-length column, proved by search in the layers' dependency graph.
#include "../common/numbers.hpp"
#include "cells.hpp"
#include "layer_options.hpp"
#include "subcommands.hpp"

#include <attn/cost/paths.hpp>

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

struct PathsCommand {
  LayerOptions sizes;
  OutputOptions output;
  std::size_t stack = 0;  ///< layers; 0: as many as connect every pair
};

/// One search beside its formula.
struct Found {
  cost::Values values;
  cost::Layer layer;
  std::optional<cost::PathSearch> search;
  std::optional<cost::Count> formula;  ///< empty for a stack of given depth
};

std::optional<cost::Count> longest_of(const Found& found) {
  if (!found.search || !found.search->longest) return std::nullopt;
  return static_cast<cost::Count>(*found.search->longest);
}

std::vector<Found> search_all(const PathsCommand& c) {
  std::vector<Found> all;
  for (const cost::Layer layer : c.sizes.layers) {
    for (const cost::Count n : c.sizes.len) {
      const cost::Values values = values_of(c.sizes, n, c.sizes.d_model.front(), c.sizes.kernel.front());
      if (c.stack == 0) {
        all.push_back({values, layer, cost::search_paths(layer, values), cost::layer_info(layer).path.length(values)});
      } else {
        all.push_back({values, layer, cost::search_paths(layer, values, c.stack), std::nullopt});
      }
    }
  }
  return all;
}

render::Table tidy(const std::vector<Found>& all) {
  using cost::Letter;
  render::Table table;
  for (const char* key : {"layer", "n", "k", "a", "r", "layers", "pairs", "connected", "longest_shortest_path", "formula", "formula_value", "agree"}) {
    table.columns.push_back({key});
  }
  for (const Found& found : all) {
    const auto count = [&](std::size_t cost::PathSearch::*field) {
      return found.search ? exact_cell(static_cast<cost::Count>((*found.search).*field)) : render::Cell();
    };
    const std::optional<cost::Count> longest = longest_of(found);
    table.rows.push_back({cost::layer_info(found.layer).key, exact_cell(found.values[Letter::n]), exact_cell(found.values[Letter::k]),
                          exact_cell(found.values[Letter::a]), exact_cell(found.values[Letter::r]), count(&cost::PathSearch::layers),
                          count(&cost::PathSearch::pairs), count(&cost::PathSearch::connected),
                          longest ? exact_cell(*longest) : render::Cell(), cost::layer_info(found.layer).path.text,
                          found.formula ? exact_cell(*found.formula) : render::Cell(),
                          found.formula ? render::Cell(longest == found.formula) : render::Cell()});
  }
  return table;
}

TitledTable readable(const PathsCommand& c, const std::vector<Found>& all) {
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, c.stack == 0 ? "title.paths.connecting" : "title.paths.stack"), {}, paragraphs(language, "note.paths")};
  part.table.columns = {words_column(language, "layer"), {"n", render::Alignment::right, "n", {}}};
  for (const char* key : {"stack", "pairs", "connected", "searched_path", "formula_path"}) part.table.columns.push_back(number_column(language, key));
  part.table.columns.push_back(words_column(language, "path_formula"));
  part.table.columns.push_back(words_column(language, "agree"));
  for (const Found& found : all) {
    const cost::LayerInfo& row = cost::layer_info(found.layer);
    const auto count = [&](std::size_t cost::PathSearch::*field) {
      return found.search ? readable_cell(static_cast<cost::Count>((*found.search).*field)) : readable_cell(std::nullopt);
    };
    std::string agree;
    if (found.formula) agree = phrase(language, longest_of(found) == found.formula ? "agree.yes" : "agree.no");
    part.table.rows.push_back({layer_name(language, found.layer), readable_cell(found.values[cost::Letter::n]), count(&cost::PathSearch::layers),
                               count(&cost::PathSearch::pairs), count(&cost::PathSearch::connected), readable_cell(longest_of(found)),
                               readable_cell(found.formula), render::Formula{row.path.text, row.path.latex}, agree});
  }
  return part;
}

int run_paths(const PathsCommand& c) {
  const std::vector<Found> all = search_all(c);
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    TableReport report;
    report.title = phrase(language, "title.paths");
    report.introduction = paragraphs(language, "intro.paths");
    report.tables = {readable(c, all)};
    report.header = {{"tool", "complexity-compare"}, {"version", ATTNSCOPE_VERSION}, {"command", "paths"}};
    report.rows = tidy(all);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_paths(CLI::App& app) {
  auto command = std::make_shared<PathsCommand>();
  command->sizes.len = {8, 16, 32, 64, 128};
  command->sizes.heads = 1;  // heads and width have no part in paths
  add_layer_options(app, command->sizes, {"--len", "--kernel", "--dilation", "--window", "--memory-len", "--layers"}, {"--len"});
  app.add_option_function<std::string>(
         "--stack", [command = command.get()](const std::string& text) { command->stack = parse_whole("--stack", text, 1, 100000); },
         "Layers on top of each other (default: as many as connect every pair of positions)")
      ->type_name("N")
      ->group("Layers");
  add_table_options(app, command->output, Numbers::whole);
  return [command]() { return run_paths(*command); };
}

}  // namespace attn::tools
