#include "tile_report.hpp"

#include "tile_tables.hpp"

#include "../common/memory_budget.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace attn::tools {
namespace {

// One number of the tidy table and its place.
struct TidyRow {
  std::optional<std::size_t> batch, head, query, tile, first_key, last_key, key, col;
};

class TidyTable {
 public:
  TidyTable() {
    table_.columns = {{"batch"}, {"head"}, {"query"}, {"tile"}, {"first_key"}, {"last_key"}, {"left_out"}, {"quantity"}, {"key"}, {"col"}, {"value"}};
  }

  void add(const TidyRow& at, const char* quantity, double value) { add_row(at, {}, std::string(quantity), value); }
  void add_left_out(const TidyRow& at, LeftOut reason) { add_row(at, std::string(name_of(reason)), {}, {}); }

  render::Table table() && { return std::move(table_); }

 private:
  static render::Cell whole(const std::optional<std::size_t>& number) {
    return number ? render::Cell(static_cast<std::int64_t>(*number)) : render::Cell();
  }
  void add_row(const TidyRow& at, render::Cell left_out, render::Cell quantity, render::Cell value) {
    table_.rows.push_back({whole(at.batch), whole(at.head), whole(at.query), whole(at.tile), whole(at.first_key), whole(at.last_key),
                           std::move(left_out), std::move(quantity), whole(at.key), whole(at.col), std::move(value)});
  }

  render::Table table_;
};

template <class T>
void add_row(TidyTable& table, const OnlineRow<T>& row, TidyRow at) {
  const auto add = [&](const char* quantity, T value) { table.add(at, quantity, static_cast<double>(value)); };
  const auto add_each = [&](const char* quantity, const std::vector<T>& values, std::optional<std::size_t> TidyRow::*place, std::size_t first) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      at.*place = first + i;
      add(quantity, values[i]);
    }
    (at.*place).reset();
  };
  add_each("score", row.scores, &TidyRow::key, *at.first_key);
  add("max_before", row.max_before);
  add("max", row.max);
  add("factor", row.factor);
  add_each("weight", row.weights, &TidyRow::key, *at.first_key);
  add("sum_before", row.sum_before);
  add("sum", row.sum);
  add_each("values", row.values, &TidyRow::col, 0);
}

template <class T>
render::Table tidy_table(const OnlineSoftmaxTrace<T>& trace, const Tensor<T>& whole) {
  TidyTable table;
  const Sizes& sizes = trace.sizes;
  for (const OnlinePanel<T>& panel : trace.panels) {
    for (std::size_t i = 0; i < panel.queries.size(); ++i) {
      TidyRow at;
      at.batch = panel.batch;
      at.head = panel.head;
      at.query = panel.queries.begin + i;
      for (std::size_t t = 0; t < panel.tiles.size(); ++t) {
        const OnlineTile<T>& tile = panel.tiles[t];
        at.tile = t;
        at.first_key = tile.keys.begin;
        at.last_key = tile.keys.end - 1;
        if (tile.left_out != LeftOut::no) {
          table.add_left_out(at, tile.left_out);
        } else {
          add_row(table, tile.rows[i], at);
        }
      }
      at.tile = at.first_key = at.last_key = std::nullopt;
      const std::size_t row = ((panel.batch * sizes.heads + panel.head) * sizes.query_len + *at.query) * sizes.value_dim;
      for (std::size_t d = 0; d < sizes.value_dim; ++d) {
        at.col = d;
        table.add(at, "result", static_cast<double>(trace.heads.data()[row + d]));
        table.add(at, "whole_softmax", static_cast<double>(whole.data()[row + d]));
      }
    }
  }
  return std::move(table).table();
}

template <class T>
TableReport words_of_run(const AttentionCommand& command, const OnlineSoftmaxTrace<T>& trace, const Tensor<T>& whole) {
  const Sizes& sizes = trace.sizes;
  const OutputOptions& output = command.output;
  const double difference = largest_difference(trace, whole);
  const lessons::Placeholders values = {{"Lq", std::to_string(sizes.query_len)},
                                        {"Lk", std::to_string(sizes.key_len)},
                                        {"D", std::to_string(sizes.head_dim)},
                                        {"scale", fmt::format("{:.4g}", static_cast<double>(trace.scale))},
                                        {"total", std::to_string(sizes.batch * sizes.heads)},
                                        {"count", std::to_string(sizes.query_len * sizes.key_len)},
                                        {"found", std::to_string(command.path.tiles().queries * command.path.tiles().keys)},
                                        {"deviation", fmt::format("{:.1e}", difference)}};
  const lessons::Lesson& lesson = lessons::lesson(output.language);
  TableReport report;
  report.title = tile_word(output, "title");
  report.introduction = lesson.paragraphs("tiles", "intro", values);
  const bool modules = command.subcommand != "sdpa";
  if (modules) report.introduction.push_back(tile_word(output, "intro_module"));
  if (!output.full && sizes.batch * sizes.heads > 1) report.introduction.push_back(tile_word(output, "one_head", values));
  report.closing = {tile_word(output, agrees(trace, whole) ? "agrees" : "differs", values)};
  for (std::string& paragraph : lesson.paragraphs("tiles", "closing", values)) report.closing.push_back(std::move(paragraph));
  if (modules) report.closing.push_back(tile_word(output, "closing_module"));
  return report;
}

template <class T>
render::JsonObject header_of(const AttentionCommand& command, const AttentionResult& result, const OnlineSoftmaxTrace<T>& trace,
                             const Tensor<T>& whole) {
  const TileCount count = count_tiles(trace.panels);
  render::JsonObject header = json_header(command, result);
  header.emplace_back("tile", render::JsonObject{{"queries", static_cast<std::uint64_t>(command.path.tiles().queries)},
                                                 {"keys", static_cast<std::uint64_t>(command.path.tiles().keys)}});
  header.emplace_back("tiles", static_cast<std::uint64_t>(count.all));
  header.emplace_back("tiles_left_out", static_cast<std::uint64_t>(count.left_out));
  header.emplace_back("largest_difference", largest_difference(trace, whole));
  return header;
}

}  // namespace

void charge_tiles(const AttentionCommand& command, const Sizes& sizes, Precision precision, MemoryBudget& budget) {
  // A row of the tidy table takes 11 cells, and there is one for every number.
  constexpr std::size_t cell = sizeof(render::Cell) * 11;
  const std::size_t tiles = sizes.key_len / command.path.tiles().keys + 1;
  const std::optional<std::size_t> of_scores = element_count({sizes.batch, sizes.heads, sizes.query_len, sizes.key_len, 2, cell});
  const std::optional<std::size_t> of_tiles =
      element_count({sizes.batch, sizes.heads, sizes.query_len, tiles, sizes.value_dim + 8, cell + bytes_per_element(precision)});
  for (const std::optional<std::size_t>& bytes : {of_scores, of_tiles}) {
    budget.charge(bytes.value_or(std::numeric_limits<std::size_t>::max()), "the numbers of all tiles");
  }
}

template <class T>
int present_tiles(const AttentionCommand& command, const AttentionResult& result, const AttentionSteps<T>& steps,
                  AttentionOptions<T> options) {
  options.past_key = steps.past_key;
  options.past_value = steps.past_value;
  const OnlineSoftmaxTrace<T> trace = online_softmax_trace(steps.q, steps.k, steps.v, options, command.path.tiles());
  write_table_report(
      [&]() {
        TableReport report = words_of_run(command, trace, steps.heads);
        report.tables = tile_tables<T>({trace, steps.heads, options, command.output});
        report.header = header_of(command, result, trace, steps.heads);
        report.rows = tidy_table(trace, steps.heads);
        return report;
      },
      command.output);
  if (command.run.strict) require_finite(result.trace);
  return exit_done;
}

template int present_tiles(const AttentionCommand&, const AttentionResult&, const AttentionSteps<float>&, AttentionOptions<float>);
template int present_tiles(const AttentionCommand&, const AttentionResult&, const AttentionSteps<double>&, AttentionOptions<double>);

}  // namespace attn::tools
