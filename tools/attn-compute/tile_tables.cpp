#include "tile_tables.hpp"

#include "../common/formats.hpp"

#include <attn/render/cell_format.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace attn::tools {
namespace {

constexpr std::size_t most_tiles = 12;   // of a page without --full
constexpr std::size_t most_numbers = 6;  // of a row of numbers, likewise

// "0.3120 -0.2000": numbers of one cell, written alike.
template <class T>
std::string numbers_text(const T* values, std::size_t count, const OutputOptions& output) {
  const std::size_t shown = output.full ? count : std::min(count, most_numbers);
  render::CellRange range;
  for (std::size_t i = 0; i < shown; ++i) range.see(static_cast<double>(values[i]), precision_of<T>());
  // Among fractions about 1, as scores and weights are, a small one is written like the others.
  if (!range.whole) range.see(0.5, precision_of<T>());
  const render::CellFormat format(range, output.precision.value_or(default_decimals));
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    text += (i > 0 ? "  " : "") + format.text(static_cast<double>(values[i]), precision_of<T>());
  }
  return shown < count ? text + "  …" : text;
}

template <class T>
std::string numbers_text(const std::vector<T>& values, const OutputOptions& output) {
  return numbers_text(values.data(), values.size(), output);
}

template <class T>
std::string number_text(T value, const OutputOptions& output) {
  return numbers_text(&value, 1, output);
}

// "3", or "2–3": counted as everywhere, from 0.
std::string range_text(const fused::Range& range) {
  const std::string first = std::to_string(range.begin);
  return range.size() == 1 ? first : first + "–" + std::to_string(range.end - 1);
}

// "query 3", "queries 2–3".
std::string queries_text(const fused::Range& range, const OutputOptions& output) {
  return tile_word(output, range.size() == 1 ? "one_query" : "queries", {{"Lq", range_text(range)}});
}

std::string keys_text(const fused::Range& range, const OutputOptions& output) {
  return tile_word(output, range.size() == 1 ? "one_key" : "keys", {{"Lk", range_text(range)}});
}

// One row of the table of a tile: what it is, how it is computed, and one cell for each query.
struct Quantity {
  const char* word;
  render::Formula formula;
};

// How a score of this run comes about.
template <class T>
render::Formula score_formula(const AttentionOptions<T>& options) {
  render::Formula formula = {"scale·q·kᵀ", "\\mathrm{scale} \\cdot q k^{\\top}"};
  if (options.softcap) formula = {"c·tanh(" + formula.text + "/c)", "c \\tanh(" + formula.latex + " / c)"};
  if (options.mask.any()) formula = {formula.text + ", mask", formula.latex + ", \\mathrm{mask}"};
  return {"s = " + formula.text, "s = " + formula.latex};
}

template <class T>
std::string sum_text(const OnlineRow<T>& row, const OutputOptions& output) {
  T met = 0;
  for (const T weight : row.weights) met += weight;
  return number_text(row.factor, output) + "·" + number_text(row.sum_before, output) + " + " + number_text(met, output) + " = " +
         number_text(row.sum, output);
}

template <class T>
std::string factor_text(const OnlineRow<T>& row, const OutputOptions& output) {
  const bool nothing_met = row.max == -std::numeric_limits<T>::infinity();
  if (nothing_met) return number_text(row.factor, output);
  const std::string max = number_text(row.max, output);
  return "exp(" + number_text(row.max_before, output) + " − " + (row.max < 0 ? "(" + max + ")" : max) + ") = " + number_text(row.factor, output);
}

// The numbers of one query at one tile, in the order of `quantities`.
template <class T>
std::vector<std::string> cells_of(const OnlineRow<T>& row, const OutputOptions& output) {
  return {numbers_text(row.scores, output), number_text(row.max_before, output), number_text(row.max, output), factor_text(row, output),
          numbers_text(row.weights, output), sum_text(row, output), numbers_text(row.values, output)};
}

template <class T>
std::vector<Quantity> quantities(const AttentionOptions<T>& options) {
  return {{"scores", score_formula(options)},
          {"max_before", {"m", "m"}},
          {"max", {"m′ = max(m, max s)", "m' = \\max(m, \\max s)"}},
          {"factor", {"factor = exp(m − m′)", "\\alpha = e^{m - m'}"}},
          {"tile_weights", {"w = exp(s − m′)", "w = e^{s - m'}"}},
          {"sum", {"ℓ′ = factor·ℓ + Σ w", "\\ell' = \\alpha \\ell + \\sum w"}},
          {"values", {"o′ = factor·o + Σ w·v", "o' = \\alpha o + \\sum w v"}}};
}

template <class T>
render::Table computed_tile(const TileView<T>& view, const OnlinePanel<T>& panel, const OnlineTile<T>& tile) {
  render::Table table;
  table.columns = {{""}, {""}};
  std::vector<std::vector<std::string>> columns;
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    table.columns.push_back({queries_text({panel.queries.begin + i, panel.queries.begin + i + 1}, view.output)});
    columns.push_back(cells_of(tile.rows[i], view.output));
  }
  const std::vector<Quantity> rows = quantities(view.options);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<render::Cell> cells = {tile_word(view.output, rows[r].word), rows[r].formula};
    for (const std::vector<std::string>& column : columns) cells.emplace_back(column[r]);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

// What is new in this tile to a reader who has seen the ones before it: the name of a note.
template <class T>
const char* event_of(const OnlineRow<T>& row) {
  const T nothing = -std::numeric_limits<T>::infinity();
  if (row.max == nothing) return "nothing_yet";
  if (row.max_before == nothing) return "first";
  return row.max > row.max_before ? "grows" : "stays";
}

// Each note once, at the first query and tile that it speaks of.
template <class T>
std::vector<std::string> notes_of(const TileView<T>& view, const OnlinePanel<T>& panel, const OnlineTile<T>& tile, std::set<std::string>& told) {
  std::vector<std::string> notes;
  const auto tell = [&](const std::string& name, const lessons::Placeholders& values) {
    if (told.insert(name).second) notes.push_back(tile_word(view.output, "note_" + name, values));
  };
  for (std::size_t i = 0; i < tile.rows.size(); ++i) {
    const OnlineRow<T>& row = tile.rows[i];
    tell(event_of(row), {{"row", std::to_string(panel.queries.begin + i)},
                         {"expected", number_text(row.max_before, view.output)},
                         {"found", number_text(row.max, view.output)},
                         {"deviation", number_text(row.factor, view.output)}});
    for (std::size_t j = 0; j < row.scores.size(); ++j) {
      if (row.scores[j] != -std::numeric_limits<T>::infinity()) continue;
      tell("masked", {{"row", std::to_string(panel.queries.begin + i)}, {"count", std::to_string(tile.keys.begin + j)}});
    }
  }
  return notes;
}

template <class T>
TitledTable table_of_tile(const TileView<T>& view, const OnlinePanel<T>& panel, const OnlineTile<T>& tile, std::set<std::string>& told) {
  const lessons::Placeholders values = {{"Lq", queries_text(panel.queries, view.output)}, {"Lk", keys_text(tile.keys, view.output)}};
  if (tile.left_out == LeftOut::no) {
    return {tile_word(view.output, "computed", values), computed_tile(view, panel, tile), notes_of(view, panel, tile, told)};
  }
  render::Table table;
  table.columns = {{tile_word(view.output, "why")}};
  table.rows = {{tile_word(view.output, std::string("because_") + name_of(tile.left_out))}};
  return {tile_word(view.output, "skipped", values), std::move(table)};
}

// A row a panel, a column a tile: its number in the order of computation, or why it is left out.
template <class T>
TitledTable map_of(const TileView<T>& view, const std::vector<OnlinePanel<T>>& panels) {
  TitledTable map{tile_word(view.output, "map"), {}};
  map.table.columns = {{tile_word(view.output, "panel")}};
  for (const OnlineTile<T>& tile : panels.front().tiles) {
    map.table.columns.push_back({keys_text(tile.keys, view.output)});
  }
  std::int64_t number = 0;
  for (const OnlinePanel<T>& panel : panels) {
    std::vector<render::Cell> cells = {queries_text(panel.queries, view.output)};
    for (const OnlineTile<T>& tile : panel.tiles) {
      if (tile.left_out == LeftOut::no) {
        cells.emplace_back(++number);
      } else {
        cells.emplace_back(tile_word(view.output, name_of(tile.left_out)));
      }
    }
    map.table.rows.push_back(std::move(cells));
  }
  const TileCount count = count_tiles(panels);
  map.paragraphs = {tile_word(view.output, count.left_out > 0 ? "map_note" : "map_note_all",
                              {{"count", std::to_string(count.all - count.left_out)}, {"total", std::to_string(count.all)}})};
  return map;
}

template <class T>
TitledTable result_of(const TileView<T>& view, const std::vector<OnlinePanel<T>>& panels) {
  TitledTable result{tile_word(view.output, "result"), {}};
  result.table.columns = {{tile_word(view.output, "query_column")}, {"ℓ"}, {"o / ℓ"}, {tile_word(view.output, "whole")}};
  const Sizes& sizes = view.trace.sizes;
  bool replaced = false;
  for (const OnlinePanel<T>& panel : panels) {
    for (std::size_t i = 0; i < panel.queries.size(); ++i) {
      const std::size_t query = panel.queries.begin + i;
      const std::size_t at = ((panel.batch * sizes.heads + panel.head) * sizes.query_len + query) * sizes.value_dim;
      result.table.rows.push_back({static_cast<std::int64_t>(query), number_text(panel.last[i].sum, view.output),
                                   numbers_text(view.trace.heads.data() + at, sizes.value_dim, view.output),
                                   numbers_text(view.whole.data() + at, sizes.value_dim, view.output)});
      replaced = replaced || !panel.last[i].seen;
    }
  }
  result.paragraphs = {tile_word(view.output, "result_note")};
  if (replaced) result.paragraphs.push_back(tile_word(view.output, "result_note_masked"));
  return result;
}

// "sample 1, head 0: …", where there is more than one.
template <class T>
std::string with_place(const TileView<T>& view, const OnlinePanel<T>& panel, const std::string& title) {
  if (view.trace.sizes.batch * view.trace.sizes.heads == 1) return title;
  return tile_word(view.output, "place", {{"B", std::to_string(panel.batch)}, {"H", std::to_string(panel.head)}, {"title", title}});
}

template <class T>
std::vector<TitledTable> tables_of_head(const TileView<T>& view, const std::vector<OnlinePanel<T>>& panels, std::set<std::string>& told) {
  std::vector<TitledTable> tables = {map_of(view, panels)};
  std::size_t shown = 0;
  for (const OnlinePanel<T>& panel : panels) {
    for (const OnlineTile<T>& tile : panel.tiles) {
      if (view.output.full || ++shown <= most_tiles) tables.push_back(table_of_tile(view, panel, tile, told));
    }
  }
  const std::size_t all = count_tiles(panels).all;
  if (!view.output.full && all > most_tiles) {
    tables.back().paragraphs.push_back(tile_word(view.output, "some_tiles", {{"shown", std::to_string(most_tiles)}, {"total", std::to_string(all)}}));
  }
  tables.push_back(result_of(view, panels));
  for (TitledTable& part : tables) part.title = with_place(view, panels.front(), part.title);
  return tables;
}

}  // namespace

std::string tile_word(const OutputOptions& output, const std::string& name, const lessons::Placeholders& values) {
  return lessons::lesson(output.language).note("tiles", name, values).value_or(name);
}

template <class T>
std::vector<TitledTable> tile_tables(const TileView<T>& view) {
  std::vector<TitledTable> tables;
  std::set<std::string> told;
  const std::vector<OnlinePanel<T>>& panels = view.trace.panels;
  for (auto first = panels.begin(); first != panels.end();) {
    auto last = first;
    while (last != panels.end() && last->batch == first->batch && last->head == first->head) ++last;
    for (TitledTable& table : tables_of_head(view, {first, last}, told)) tables.push_back(std::move(table));
    if (!view.output.full) break;
    first = last;
  }
  return tables;
}

template std::vector<TitledTable> tile_tables(const TileView<float>&);
template std::vector<TitledTable> tile_tables(const TileView<double>&);

}  // namespace attn::tools
