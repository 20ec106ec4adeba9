#include "verify_text.hpp"

#include "verify_words.hpp"

#include <attn/lessons/words.hpp>
#include <attn/render/difference_map.hpp>
#include <attn/render/display_width.hpp>
#include <attn/trace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn::tools {
namespace {

// What gives way on a narrow page, the first first; every other format has all columns.
constexpr const char* least_needed[] = {"relative", "ours", "theirs", "largest", "at", "differ"};

constexpr std::size_t label_room = 14;  // of a map: margin and row labels

struct FittedTable {
  std::string text;
  std::vector<std::string> left_out;  ///< titles of columns
};

FittedTable fitted(render::Table table, std::size_t width) {
  FittedTable result;
  for (const char* key : least_needed) {
    if (render::table_width(table, width) <= width) break;
    const auto column = std::find_if(table.columns.begin(), table.columns.end(), [key](const render::Column& c) { return c.key == key; });
    if (column == table.columns.end()) continue;
    const auto index = column - table.columns.begin();
    result.left_out.push_back(column->title);
    table.columns.erase(column);
    for (std::vector<render::Cell>& row : table.rows) {
      if (index < static_cast<std::ptrdiff_t>(row.size())) row.erase(row.begin() + index);
    }
  }
  result.text = render::table_text(table, width);
  return result;
}

// "(L, B, E) to (B, L, E)" without the English word.
std::string with_arrow(std::string axes) {
  const std::size_t at = axes.find(" to ");
  return at == std::string::npos ? axes : axes.replace(at, 4, " → ");
}

class Page {
 public:
  Page(const Judged& judged, const ReportWords& page) : judged_(judged), v_(judged.verification), page_(page) {}

  std::string text() {
    if (judged_.refused) return std::string(judged_.refused->what()) + "\n";
    add(word("heading", {{"name", judged_.file}, {"found", word(verdict_word(v_))}}) + "\n");
    add_alignments();
    if (const std::size_t unfilled = unfilled_cells(v_)) {
      add(word("unfilled", {{"count", std::to_string(unfilled)}, {"list", unfilled_steps()}}) + "\n");
    }
    if (!tells(page_.hint, hint_where)) return std::move(text_);
    add_table();
    if (carried_rounding()) {
      add("\n");
      add_paragraph(word("carried"), 0);
    }
    add_first_step();
    if (tells(page_.hint, hint_why)) add_diagnosis();
    if (page_.hint == 0 && v_.verdict == Verdict::match) add_blind_spots();
    return std::move(text_);
  }

 private:
  std::string word(const std::string& entry, const lessons::Placeholders& values = {}) const {
    return verify_word(page_.language, entry, values);
  }
  void add(const std::string& text) { text_ += text; }

  void add_paragraph(const std::string& paragraph, std::size_t margin, const std::string& first = {}) {
    const std::size_t hanging = margin + render::display_width(first);
    bool at_first = true;
    for (const std::string& line : render::wrap(paragraph, page_.width - hanging)) {
      add(at_first ? std::string(margin, ' ') + first : std::string(hanging, ' '));
      add(line + "\n");
      at_first = false;
    }
  }

  void add_table() {
    const render::Table whole = table_of_steps(judged_, page_.language, page_.hint);
    if (whole.rows.empty()) return;
    const FittedTable table = fitted(whole, page_.width);
    add("\n" + table.text);
    if (table.left_out.empty()) return;
    add("\n");
    add_paragraph(word("narrow", {{"list", fmt::format("{}", fmt::join(table.left_out, lessons::words(page_.language).list_separator))}}), 0);
  }

  void add_alignments() {
    for (const Alignment& a : judged_.theirs.alignments) {
      const bool same_name = a.how == "name" || (a.how == "file" && a.theirs == name_of(a.step));
      if (same_name && a.axes.empty()) continue;
      const char* entry = a.axes.empty() ? "aligned" : a.axes == "axes of size 1" ? "aligned_ones" : "aligned_axes";
      add_paragraph(word(entry, {{"name", a.theirs}, {"step", std::string(name_of(a.step))}, {"found", word("by_" + a.how)}, {"expected", with_arrow(a.axes)}}), 2);
    }
    for (const Unmatched& theirs : judged_.theirs.unmatched) add_paragraph(not_compared(theirs, page_.language), 2);
  }

  // "q (3 of 24), weights (30 of 30)"
  std::string unfilled_steps() const {
    std::vector<std::string> parts;
    for (const StepVerdict& step : v_.steps) {
      if (step.unfilled == 0) continue;
      parts.push_back(word("unfilled_step", {{"step", std::string(name_of(step.step))},
                                             {"count", std::to_string(step.unfilled)},
                                             {"total", std::to_string(element_count(step.ours).value_or(0))}}));
    }
    return fmt::format("{}", fmt::join(parts, lessons::words(page_.language).list_separator));
  }

  // Right although it differs: it follows from numbers that were rounded.
  bool carried_rounding() const {
    return v_.verdict != Verdict::mismatch && v_.diagnosis.empty() &&
           std::any_of(v_.steps.begin(), v_.steps.end(), [](const StepVerdict& v) { return v.difference.mismatched > 0; });
  }

  void add_first_step() {
    if (!v_.first_divergent_step) return;
    add("\n" + word("first", {{"step", std::string(name_of(*v_.first_divergent_step))}}) + "\n");
    for (const StepVerdict& step : v_.steps) {
      if (step.step == *v_.first_divergent_step && v_.excess) add_map(step);
    }
  }

  std::string axes_of_step(const StepVerdict& step) const {
    if (step.step != Step::output) return axes_of(step.step, page_.sizes);
    return step.ours.size() == 4 ? "B, H, Lq, Dv" : step.ours.size() == 3 ? "B, Lq, E" : "Lq, E";
  }

  void add_map(const StepVerdict& step) {
    render::DifferenceStyle style;
    style.color = page_.color;
    style.words = lessons::words(page_.language);
    style.width = page_.width;
    style.columns = std::min(style.columns, (page_.width - label_room) / 2);
    style.rows_per_cell = v_.excess_rows;
    style.columns_per_cell = v_.excess_columns;
    const render::DifferenceMap map = render::draw_differences(render::Panel{*v_.excess, split_axes(axes_of_step(step))}, style);
    add("\n" + map.text);
    const char* legend = map.largest == 0 ? "map_marks" : page_.hint == 0 ? "map" : "map_hint";
    add_paragraph(word(legend, {{"deviation", fmt::format("{:.1e}", map.largest)}}), 2);
    if (map.any_infinite) add_paragraph(word("map_infinite"), 2);
    if (map.any_empty) add_paragraph(word("map_empty"), 2);
    const auto number = [](std::size_t n) { return std::to_string(n); };
    if (map.rows_per_mark * map.columns_per_mark > 1) {
      add_paragraph(word("map_blocks", {{"shown", number(map.rows_per_mark)}, {"total", number(map.columns_per_mark)}}), 2);
    }
    if (map.shown < map.total) {
      add_paragraph(word("map_matrices", {{"shown", number(map.shown)}, {"total", number(map.total)}}), 2);
    }
  }

  void add_diagnosis() {
    const std::vector<Diagnosis>& all = v_.diagnosis;
    if (all.size() > 1 && all[0].step == all[1].step && all[0].with.empty()) {
      add("\n");
      add_paragraph(word("tie"), 0);
    }
    for (const Diagnosis& d : all) {
      const char* degree = d.convention ? "equivalent" : d.explains ? "explains" : "consistent";
      add("\n");
      add_paragraph(sentence_of(d, "title", judged_, page_), 2, d.id + "  ");
      add_paragraph(word("degree", {{"step", std::string(name_of(d.step))}, {"found", word(degree)}}), 6);
      add_paragraph(sentence_of(d, "message", judged_, page_), 6);
      if (page_.hint == 0) add_paragraph(sentence_of(d, "fix", judged_, page_), 6, "→ ");
      if (!d.with.empty()) add_paragraph(word("with", {{"found", d.with}}), 6);
    }
    if (v_.first_divergent_step && all.empty()) add_unexplained();
  }

  void add_unexplained() {
    for (const StepVerdict& step : v_.steps) {
      if (step.step != *v_.first_divergent_step || step.difference.total == 0) continue;
      add("\n");
      add_paragraph(word(page_.unexplained ? page_.unexplained(step.step) : page_.hint == 0 ? "unknown" : "unknown_hint"), 0);
      if (page_.hint > 0) continue;
      const std::string cell = fmt::format("{}[{}]", name_of(step.step), fmt::join(unravel(step.difference.at, step.ours), ","));
      add(page_.has_cells ? "  --cell '" + cell + "'\n" : "  " + cell + "\n");
      if (v_.pairs_left_out) add_paragraph(word("pairs_left_out"), 0);
    }
  }

  void add_blind_spots() {
    if (v_.blind_spots_left_out) {
      add("\n");
      add_paragraph(word("blind_left_out"), 0);
    }
    std::vector<std::string> unchanged, impossible;
    for (const BlindSpot& spot : v_.blind_spots) (spot.applies ? unchanged : impossible).push_back(spot.id);
    if (unchanged.empty() && impossible.empty()) return;
    add("\n");
    if (!unchanged.empty()) add_paragraph(word("not_shown", {{"list", fmt::format("{}", fmt::join(unchanged, " "))}}), 0);
    if (!impossible.empty()) add_paragraph(word("not_made", {{"list", fmt::format("{}", fmt::join(impossible, " "))}}), 0);
    if (!v_.blind_spots_on) return;
    lessons::Placeholders sizes;
    for (const Letter& letter : letters()) sizes[std::string(letter.name)] = std::to_string((*v_.blind_spots_on).*letter.size);
    add_paragraph(word("blind_on", sizes), 0);
  }

  const Judged& judged_;
  const Verification& v_;
  const ReportWords& page_;
  std::string text_;
};

}  // namespace

std::string text_of(const Judged& judged, const ReportWords& report) {
  return Page(judged, report).text();
}

}  // namespace attn::tools
