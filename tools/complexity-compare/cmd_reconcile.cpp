// Somebody's number of operations for an attention layer: which convention gives exactly this number.
#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "cells.hpp"
#include "layer_options.hpp"
#include "subcommands.hpp"

#include <attn/cost/reconcile.hpp>
#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

struct ReconcileCommand {
  LayerOptions sizes;
  OutputOptions output;
  std::string claimed;
  std::string counter;
  std::size_t limit = 10;
};

// "nn.MultiheadAttention, products of matrices"
std::string convention_name(const cost::Convention& convention, lessons::Language language) {
  std::string text;
  for (const std::string& part : convention.parts) {
    text += text.empty() ? "" : language == lessons::Language::zh ? "，" : ", ";
    text += phrase(language, "part." + part);
  }
  return text;
}

double relative(const cost::Reckoning& reckoning, const cost::Claim& claim) {
  return cost::to_double(reckoning.value) / claim.value - 1;
}

// The rows to show: every match, or the nearest.
std::vector<cost::Reckoning> shown(const ReconcileCommand& c, const std::vector<cost::Reckoning>& all) {
  const std::size_t count = std::min(c.limit, all.size());
  std::vector<cost::Reckoning> rows(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  if (rows.front().matches) {
    rows.erase(std::find_if(rows.begin(), rows.end(), [](const cost::Reckoning& row) { return !row.matches; }), rows.end());
  }
  return rows;
}

render::Table tidy(const std::vector<cost::Reckoning>& rows, const cost::Claim& claim) {
  render::Table table;
  for (const char* key : {"counter", "convention", "unit", "pairs", "formula", "value", "relative_difference", "match", "source"}) {
    table.columns.push_back({key});
  }
  for (const cost::Reckoning& row : rows) {
    const cost::Convention& convention = *row.convention;
    const bool causal = convention.pairs == cost::Pairs::causal;
    table.rows.push_back({convention.counter, fmt::format("{}", fmt::join(convention.parts, "+")), convention.unit,
                          causal ? "causal" : "all", convention.formula.text(), exact_cell(row.value), relative(row, claim),
                          row.matches, convention.source});
  }
  return table;
}

TitledTable conventions(const ReconcileCommand& c, const std::vector<cost::Reckoning>& rows, const cost::Claim& claim,
                        std::size_t matches) {
  const lessons::Language language = c.output.language;
  TitledTable part;
  part.title = matches == 0 ? phrase(language, "reconcile.nearest")
                            : phrase(language, "reconcile.matches") + " " + std::to_string(matches);
  for (const char* key : {"counter", "convention", "unit", "formula"}) part.table.columns.push_back(words_column(language, key));
  part.table.columns.push_back(number_column(language, "value"));
  if (matches == 0) part.table.columns.push_back(number_column(language, "difference_percent"));
  for (const cost::Reckoning& row : rows) {
    const cost::Convention& convention = *row.convention;
    std::vector<render::Cell> cells = {convention.counter.empty() ? std::string("—") : convention.counter,
                                       convention_name(convention, language), convention.unit, formula_cell(convention.formula),
                                       readable_cell(row.value)};
    if (matches == 0) cells.push_back(fmt::format("{:+.{}f} %", 100 * relative(row, claim), c.output.precision.value_or(2)));
    part.table.rows.push_back(std::move(cells));
  }
  part.paragraphs = paragraphs(language, matches == 0 ? "note.nearest" : matches == 1 ? "note.one_match" : "note.ties");
  for (const std::string& paragraph : paragraphs(language, "note.conventions")) part.paragraphs.push_back(paragraph);
  return part;
}

TitledTable sources(const ReconcileCommand& c, const std::vector<cost::Reckoning>& rows) {
  const lessons::Language language = c.output.language;
  TitledTable part{phrase(language, "reconcile.sources"), {}, {}};
  for (const char* key : {"counter", "source"}) part.table.columns.push_back(words_column(language, key));
  for (const cost::Reckoning& row : rows) {
    if (!row.convention->counter.empty()) part.table.rows.push_back({row.convention->counter, row.convention->source});
  }
  return part;
}

int run_reconcile(const ReconcileCommand& c) {
  using cost::Letter;
  if (c.claimed.empty()) throw UsageError("--claimed", "expected the number to explain, such as --claimed 134217728 or --claimed 134.2M");
  const std::optional<cost::Claim> claim = cost::parse_claim(c.claimed);
  if (!claim) throw UsageError("--claimed", fmt::format("expected a positive number such as 134217728, 1.34e8 or 134.2M, found '{}'", c.claimed));
  const cost::Values values = values_of(c.sizes);
  const std::vector<cost::Reckoning> all = cost::reconcile(*claim, values, c.counter);
  const auto matches = static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const cost::Reckoning& row) { return row.matches; }));
  const std::vector<cost::Reckoning> rows = shown(c, all);
  const auto make = [&]() {
    const lessons::Language language = c.output.language;
    TableReport report;
    report.title = fmt::format("{} {} ({})", phrase(language, "title.reconcile"), c.claimed,
                               describe(values, {Letter::b, Letter::n, Letter::m, Letter::d, Letter::h}));
    report.introduction = paragraphs(language, "intro.reconcile");
    report.tables = {conventions(c, rows, *claim, matches)};
    const TitledTable origins = sources(c, rows);
    if (!origins.table.rows.empty()) report.tables.push_back(origins);
    cost::Values given = values;
    for (const Letter letter : {Letter::k, Letter::a, Letter::r, Letter::s}) given[letter] = 0;
    report.header = {{"tool", "complexity-compare"}, {"version", ATTNSCOPE_VERSION}, {"command", "reconcile"}, {"sizes", json_of(given)}, {"claimed", c.claimed},
                     {"verdict", matches > 0 ? "match" : "nearest"}, {"matches", static_cast<std::uint64_t>(matches)}};
    report.rows = tidy(rows, *claim);
    return report;
  };
  write_table_report(make, c.output);
  return matches > 0 ? exit_done : exit_different;
}

}  // namespace

Run setup_reconcile(CLI::App& app) {
  auto command = std::make_shared<ReconcileCommand>();
  app.add_option("--claimed", command->claimed, "The number to explain: whole, or rounded such as 134.2M or 1.34e8")
      ->type_name("NUMBER")
      ->group("Claim");
  Choices<std::string> counters;
  for (const std::string& name : cost::counter_names()) counters.emplace_back(name, name);
  add_choice(app, "--for", command->counter, counters, "Only the conventions of this counter (default: all, and combinations)")
      ->group("Claim");
  app.add_option_function<std::string>(
         "--limit", [command = command.get()](const std::string& text) { command->limit = parse_whole("--limit", text, 1, 100000); },
         "Rows to show (default 10)")
      ->type_name("N")
      ->group("Claim");
  add_layer_options(app, command->sizes, {"--batch", "--len", "--memory-len", "--d-model", "--heads"});
  add_table_options(app, command->output);
  return [command]() { return run_reconcile(*command); };
}

}  // namespace attn::tools
