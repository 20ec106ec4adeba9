// The comparison itself: every layer's costs as formulas and as numbers, with their sources.
#include "cells.hpp"
#include "layer_options.hpp"
#include "subcommands.hpp"

#include <memory>

#include <CLI/CLI.hpp>

namespace attn::tools {
namespace {

using cost::Layer;
using cost::LayerInfo;
using cost::Letter;

struct TableCommand {
  LayerOptions sizes;
  OutputOptions output;
};

TitledTable orders(const TableCommand& c) {
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, "title.orders"), {}, paragraphs(language, "note.orders")};
  for (const char* column : {"layer", "operations_order", "sequential_operations", "parallel_width", "maximum_path"}) {
    part.table.columns.push_back(words_column(language, column));
  }
  for (const Layer layer : c.sizes.layers) {
    const LayerInfo& row = cost::layer_info(layer);
    part.table.rows.push_back({layer_name(language, layer), order_cell(row.order.text(), row.order.latex()),
                               order_cell(row.sequential.text(), row.sequential.latex()),
                               order_cell(row.width.text(), row.width.latex()),
                               order_cell(row.path.order, row.path.order_latex)});
  }
  return part;
}

TitledTable formulas(const TableCommand& c) {
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, "title.formulas"), {}, paragraphs(language, "note.formulas")};
  for (const char* column : {"layer", "core_macs", "projection_macs", "parameters", "activations", "cache"}) {
    part.table.columns.push_back(words_column(language, column));
  }
  for (const Layer layer : c.sizes.layers) {
    const LayerInfo& row = cost::layer_info(layer);
    const cost::MatrixProducts products = cost::matrix_products_of(layer);
    part.table.rows.push_back({layer_name(language, layer), formula_cell(products.core), formula_cell(products.projections),
                               formula_cell(row.parameters), formula_cell(row.activations), formula_cell(row.cache)});
  }
  return part;
}

// A table of numbers: one column a quantity.
TitledTable numbers(const TableCommand& c, const std::string& title, const std::string& note,
                    const std::vector<std::string>& keys, const cost::Values& values) {
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, title), {}, paragraphs(language, note)};
  part.table.columns.push_back(words_column(language, "layer"));
  for (const std::string& key : keys) part.table.columns.push_back(number_column(language, key));
  for (const Layer layer : c.sizes.layers) {
    std::vector<render::Cell> cells = {layer_name(language, layer)};
    for (const std::string& key : keys) {
      for (const cost::Quantity& quantity : cost::quantity_table()) {
        if (key == quantity.key) cells.push_back(readable_cell(quantity.amount(layer, values).value));
      }
    }
    part.table.rows.push_back(std::move(cells));
  }
  return part;
}

// "course text; Vaswani et al. 2017, table 1; Elman 1990"
std::string source_of(const LayerInfo& row, lessons::Language language) {
  std::string text;
  const std::string separator = language == lessons::Language::zh ? "；" : "; ";
  const auto append = [&](const std::string& part) { text += (text.empty() ? "" : separator) + part; };
  if (row.source.document) append(phrase(language, "source.document"));
  if (row.source.vaswani) append(phrase(language, "source.vaswani"));
  if (row.source.reference) append(row.source.reference);
  return text;
}

TitledTable sources(const TableCommand& c) {
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, "title.sources"), {}, paragraphs(language, "note.sources")};
  for (const char* column : {"layer", "source", "difference"}) part.table.columns.push_back(words_column(language, column));
  for (const Layer layer : c.sizes.layers) {
    const LayerInfo& row = cost::layer_info(layer);
    part.table.rows.push_back({layer_name(language, layer), source_of(row, language),
                               phrase(language, "difference." + std::string(row.key))});
  }
  return part;
}

render::Table tidy(const TableCommand& c, const cost::Values& values) {
  render::Table table;
  for (const char* key : {"layer", "quantity", "formula", "value", "unit", "source"}) table.columns.push_back({key});
  for (const Layer layer : c.sizes.layers) {
    const LayerInfo& row = cost::layer_info(layer);
    for (const cost::Quantity& quantity : cost::quantity_table()) {
      const cost::Amount amount = quantity.amount(layer, values);
      table.rows.push_back({row.key, quantity.key, amount.text, amount.value ? exact_cell(*amount.value) : render::Cell(),
                            quantity.unit, source_of(row, lessons::Language::en)});
    }
  }
  return table;
}

int run_table(const TableCommand& c) {
  const cost::Values values = values_of(c.sizes);
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    TableReport report;
    report.title = phrase(language, "title.table");
    report.introduction = paragraphs(language, "intro.table");
    const std::string sizes = describe(values, {Letter::n, Letter::d, Letter::k, Letter::h, Letter::r, Letter::a, Letter::m, Letter::s});
    report.tables = {orders(c), formulas(c),
                     numbers(c, "title.numbers", "note.numbers",
                             {"core_macs", "projection_macs", "sequential_operations", "parallel_width", "maximum_path"}, values),
                     numbers(c, "title.memory", "note.memory", {"parameters", "parameter_bytes", "activation_bytes", "cache_bytes"}, values),
                     numbers(c, "title.executed", "note.executed",
                             {"multiplications", "additions", "divisions", "comparisons", "exponentials", "tangents"}, values),
                     sources(c)};
    for (const std::size_t with_numbers : {2u, 3u, 4u}) report.tables[with_numbers].title += " (" + sizes + ")";
    report.header = {{"tool", "complexity-compare"}, {"version", ATTNSCOPE_VERSION}, {"command", "table"}, {"sizes", json_of(values)}};
    report.rows = tidy(c, values);
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_table(CLI::App& app) {
  auto command = std::make_shared<TableCommand>();
  add_layer_options(app, command->sizes,
                    {"--len", "--d-model", "--kernel", "--heads", "--dilation", "--window", "--memory-len", "--dtype", "--layers"});
  add_table_options(app, command->output, Numbers::whole);
  return [command]() { return run_table(*command); };
}

}  // namespace attn::tools
