// For which n self-attention costs less than recurrence and convolution: as the tables say, and with
// everything that they leave out.
#include "cells.hpp"
#include "layer_options.hpp"
#include "subcommands.hpp"

#include <attn/cost/crossover.hpp>

#include <memory>

#include <CLI/CLI.hpp>

namespace attn::tools {
namespace {

using cost::Crossover;
using cost::Layer;

struct CrossoverCommand {
  LayerOptions sizes;
  OutputOptions output;
};

/// What is counted as the cost of a layer.
struct Basis {
  const char* key;
  cost::Polynomial (*cost)(Layer);
};
const Basis bases[] = {
    {"order", [](Layer layer) { return cost::layer_info(layer).order; }},
    {"core", [](Layer layer) { return cost::matrix_products_of(layer).core; }},
    {"projections", [](Layer layer) { return cost::matrix_products_of(layer).total(); }},
    {"everything", [](Layer layer) { return cost::operations_of(layer).total().total(); }},
};

constexpr const char* kind_name(Crossover::Kind kind) {
  switch (kind) {
    case Crossover::Kind::always: return "always";
    case Crossover::Kind::never: return "never";
    case Crossover::Kind::below: return "below";
    case Crossover::Kind::above: return "above";
  }
  return "";
}

render::Cell condition_cell(const Crossover& found) {
  return render::Formula{found.text(), found.left.latex() + " < " + found.right.latex()};
}

// "n ≤ 511", "always", …
render::Cell answer_cell(const Crossover& found, lessons::Language language) {
  if (found.kind == Crossover::Kind::below) {
    return render::Formula{"n ≤ " + cost::to_string(*found.limit - 1), "n \\le " + cost::to_string(*found.limit - 1)};
  }
  if (found.kind == Crossover::Kind::above) {
    return render::Formula{"n ≥ " + cost::to_string(*found.limit + 1), "n \\ge " + cost::to_string(*found.limit + 1)};
  }
  return phrase(language, std::string("crossover.") + kind_name(found.kind));
}

void append_tidy(render::Table& table, const Basis& basis, Layer layer, const cost::Polynomial& attention,
                 const cost::Polynomial& other, const Crossover& found, const cost::Values& values) {
  const cost::Count at_n = attention.value(values), other_at_n = other.value(values);
  table.rows.push_back({basis.key, cost::layer_info(layer).key, attention.text(), other.text(), found.text(), kind_name(found.kind),
                        found.limit ? exact_cell(*found.limit) : render::Cell(),
                        found.equal_at ? exact_cell(*found.equal_at) : render::Cell(), exact_cell(at_n), exact_cell(other_at_n),
                        found.holds(values[cost::Letter::n])});
}

int run_crossover(const CrossoverCommand& c) {
  const cost::Values values = values_of(c.sizes);
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    TableReport report;
    report.title = phrase(language, "title.crossover") + " (" +
                   describe(values, {cost::Letter::d, cost::Letter::k, cost::Letter::h, cost::Letter::n}) + ")";
    report.introduction = paragraphs(language, "intro.crossover");
    for (const char* key : {"basis", "against", "attention_cost", "other_cost", "condition", "holds", "limit", "equal_at",
                            "attention_value", "other_value", "cheaper_at_n"}) {
      report.rows.columns.push_back({key});
    }
    for (const Basis& basis : bases) {
      TitledTable part{phrase(language, std::string("basis.") + basis.key), {}, paragraphs(language, std::string("note.basis.") + basis.key)};
      for (const char* key : {"against", "attention_cost", "other_cost", "condition", "answer"}) {
        part.table.columns.push_back(words_column(language, key));
      }
      const cost::Polynomial attention = basis.cost(Layer::self_attention);
      for (const Layer layer : c.sizes.layers) {
        if (layer == Layer::self_attention || layer == Layer::cross_attention) continue;
        const cost::Polynomial other = basis.cost(layer);
        const Crossover found = cost::crossover(attention, other, values);
        part.table.rows.push_back({layer_name(language, layer), formula_cell(attention), formula_cell(other), condition_cell(found),
                                   answer_cell(found, language)});
        append_tidy(report.rows, basis, layer, attention, other, found, values);
      }
      report.tables.push_back(std::move(part));
    }
    report.header = {{"tool", "complexity-compare"}, {"version", ATTNSCOPE_VERSION}, {"command", "crossover"}, {"sizes", json_of(values)}};
    return report;
  };
  write_table_report(make, c.output);
  return exit_done;
}

}  // namespace

Run setup_crossover(CLI::App& app) {
  auto command = std::make_shared<CrossoverCommand>();
  add_layer_options(app, command->sizes, {"--len", "--d-model", "--kernel", "--heads", "--window", "--layers"});
  add_table_options(app, command->output, Numbers::whole);
  return [command]() { return run_crossover(*command); };
}

}  // namespace attn::tools
