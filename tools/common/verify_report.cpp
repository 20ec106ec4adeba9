#include "verify_report.hpp"

#include "verify_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace attn::tools {
namespace {

using render::Alignment;

std::string index_text(const Shape& index) { return fmt::format("[{}]", fmt::join(index, ",")); }

// NaN has no sign that means anything.
std::string number_text(double value) { return std::isnan(value) ? "nan" : fmt::format("{:.6g}", value); }

render::Json number_or_null(bool known, double value) { return known ? render::Json(value) : render::Json(nullptr); }

void add_measures(render::JsonObject& object, const StepVerdict& verdict) {
  const Difference& d = verdict.difference;
  object.emplace_back("cosine", d.cosine);
  object.emplace_back("within_1_permille", d.within_1_permille);
  object.emplace_back("within_5_permille", d.within_5_permille);
  object.emplace_back("rtol", verdict.tolerance.rtol);
  object.emplace_back("atol", verdict.tolerance.atol);
  object.emplace_back("passing_atol", d.passing_atol);
}

// With a hint nothing stands here that our value could be computed from.
render::JsonObject json_of_step(const StepVerdict& verdict, int hint) {
  const Difference& d = verdict.difference;
  const bool compared = d.total > 0, whole = hint == 0;
  render::JsonArray at;
  if (compared) {
    for (const std::size_t i : unravel(d.at, verdict.ours)) at.emplace_back(static_cast<std::uint64_t>(i));
  }
  render::JsonObject object = {{"step", name_of(verdict.step)},
                               {"status", to_string(d.status)},
                               {"local", to_string(verdict.local)},
                               {"max_abs", number_or_null(compared && whole, d.max_abs)},
                               {"max_rel", number_or_null(compared && whole, d.max_rel)},
                               {"mismatched", static_cast<std::uint64_t>(d.mismatched)},
                               {"total", static_cast<std::uint64_t>(d.total)},
                               {"at", std::move(at)},
                               {"ours", number_or_null(compared && whole, d.ours)},
                               {"theirs", number_or_null(compared, d.theirs)}};
  if (compared && whole) add_measures(object, verdict);
  object.emplace_back("shape", render::json_of(verdict.ours));
  if (d.status == Status::shape) object.emplace_back("their_shape", render::json_of(verdict.theirs));
  if (verdict.unfilled > 0) object.emplace_back("unfilled", static_cast<std::uint64_t>(verdict.unfilled));
  return object;
}

render::JsonObject json_of_diagnosis(const Diagnosis& d, const Judged& judged, const ReportWords& report) {
  const bool whole = report.hint == 0;
  render::JsonObject object = {{"id", d.id},
                               {"step", name_of(d.step)},
                               {"confidence", d.explains ? "explains" : "consistent"},
                               {"residual", number_or_null(whole, d.residual)},
                               {"message", sentence_of(d, "message", judged, report)},
                               {"fix", whole ? sentence_of(d, "fix", judged, report) : ""},
                               {"variant", d.variant},
                               {"equivalent", d.convention}};
  if (!d.with.empty()) object.emplace_back("with", d.with);
  return object;
}

std::string why_blind(lessons::Language language, const BlindSpot& spot) {
  return verify_word(language, spot.applies ? "blind_unchanged" : "blind_not_possible");
}

render::Json first_step(const Verification& v, int hint) {
  if (!v.first_divergent_step || !tells(hint, hint_where)) return nullptr;
  return name_of(*v.first_divergent_step);
}

// Only the numbers of our own side are left out where there is a hint.
std::vector<render::Cell> numbers_of(const StepVerdict& v, int hint) {
  const Difference& d = v.difference;
  const bool whole = hint == 0, compared = d.total > 0;
  if (!compared) return std::vector<render::Cell>(whole ? 6 : 3);
  std::vector<render::Cell> cells = {fmt::format("{} / {}", d.mismatched, d.total)};
  if (whole) cells.insert(cells.end(), {fmt::format("{:.2e}", d.max_abs), fmt::format("{:.2e}", d.max_rel)});
  cells.emplace_back(index_text(unravel(d.at, v.ours)));
  if (whole) cells.emplace_back(number_text(d.ours));
  cells.emplace_back(number_text(d.theirs));
  return cells;
}

std::string status_word(const StepVerdict& v) {
  if (v.difference.status == Status::shape || v.difference.status == Status::match) return to_string(v.difference.status);
  if (v.difference.status == Status::missing) return "unfilled";
  return v.local == Local::match ? "consequence" : to_string(v.difference.status);
}

}  // namespace

std::size_t unfilled_cells(const Verification& verification) {
  std::size_t count = 0;
  for (const StepVerdict& verdict : verification.steps) count += verdict.unfilled;
  return count;
}

const char* verdict_word(const Verification& v) {
  const bool compared = std::any_of(v.steps.begin(), v.steps.end(), [](const StepVerdict& step) { return step.difference.total > 0; });
  if (v.verdict == Verdict::incomparable && compared && unfilled_cells(v) > 0) return "incomplete";
  return to_string(v.verdict);
}

render::Json json_of(const Judged& judged, const ReportWords& words) {
  const lessons::Language language = words.language;
  const int hint = words.hint;
  const Verification& v = judged.verification;
  render::JsonArray steps, diagnosis, blind_spots, alignments, unmatched;
  if (tells(hint, hint_where)) {
    for (const StepVerdict& verdict : v.steps) steps.emplace_back(json_of_step(verdict, hint));
  }
  if (tells(hint, hint_why)) {
    for (const Diagnosis& d : v.diagnosis) diagnosis.emplace_back(json_of_diagnosis(d, judged, words));
  }
  for (const BlindSpot& spot : v.blind_spots) {
    if (hint == 0) blind_spots.emplace_back(render::JsonObject{{"id", spot.id}, {"why", why_blind(language, spot)}});
  }
  for (const attn::Alignment& a : judged.theirs.alignments) {
    alignments.emplace_back(render::JsonObject{{"theirs", a.theirs}, {"step", name_of(a.step)}, {"by", a.how}, {"axes", a.axes}});
  }
  for (const Unmatched& theirs : judged.theirs.unmatched) unmatched.emplace_back(theirs.name);
  render::JsonObject report = {{"verdict", to_string(v.verdict)},
                               {"first_divergent_step", first_step(v, hint)},
                               {"steps", std::move(steps)},
                               {"diagnosis", std::move(diagnosis)},
                               {"blind_spots", std::move(blind_spots)},
                               {"file", judged.file},
                               {"aligned", std::move(alignments)},
                               {"unmatched", std::move(unmatched)}};
  if (const std::size_t unfilled = unfilled_cells(v)) report.emplace_back("unfilled", static_cast<std::uint64_t>(unfilled));
  if (hint > 0) report.emplace_back("hint", hint);
  if (v.blind_spots_on) report.emplace_back("blind_spots_on", render::json_of(*v.blind_spots_on));
  render::JsonArray left_out;
  if (v.pairs_left_out) left_out.emplace_back("pairs");
  if (v.blind_spots_left_out) left_out.emplace_back("blind_spots");
  if (!left_out.empty()) report.emplace_back("left_out", std::move(left_out));
  if (judged.refused) report.emplace_back("error", judged.refused->what());
  return report;
}

render::Table table_of_steps(const Judged& judged, lessons::Language language, int hint) {
  const auto column = [&](const char* key, const char* name, Alignment alignment = Alignment::left) {
    return render::Column{verify_word(language, std::string("column_") + name), alignment, key};
  };
  const bool whole = hint == 0;
  render::Table table;
  table.columns = {column("step", "step")};
  if (!tells(hint, hint_where)) return table;
  for (const render::Column& next : {column("end to end", "end"), column("locally", "local"), column("differ", "differ", Alignment::right)}) table.columns.push_back(next);
  if (whole) table.columns.insert(table.columns.end(), {column("largest", "largest", Alignment::right), column("relative", "relative", Alignment::right)});
  table.columns.push_back(column("at", "at"));
  if (whole) table.columns.push_back(column("ours", "ours", Alignment::right));
  table.columns.push_back(column("theirs", "theirs", Alignment::right));
  for (const StepVerdict& v : judged.verification.steps) {
    const Status status = v.difference.status;
    if (status == Status::missing && v.unfilled == 0) continue;
    std::vector<render::Cell> row = {std::string(name_of(v.step)), verify_word(language, "status_" + status_word(v)),
                                     status == Status::missing ? std::string() : verify_word(language, std::string("local_") + to_string(v.local))};
    if (status == Status::shape) {
      row.resize(table.columns.size() - (whole ? 2 : 1));
      if (whole) row.emplace_back(to_string(v.ours));
      row.emplace_back(to_string(v.theirs));
    } else {
      for (render::Cell& cell : numbers_of(v, hint)) row.push_back(std::move(cell));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

render::Table table_of(const std::vector<Judged>& judged, lessons::Language language, int hint) {
  render::Table table;
  table.columns = {{verify_word(language, "column_file"), Alignment::left, "file"},
                   {verify_word(language, "column_verdict"), Alignment::left, "verdict"}};
  if (tells(hint, hint_where)) table.columns.push_back({verify_word(language, "column_first"), Alignment::left, "first_divergent_step"});
  if (tells(hint, hint_why)) table.columns.push_back({verify_word(language, "column_diagnosis"), Alignment::left, "diagnosis"});
  for (const Judged& one : judged) {
    const Verification& v = one.verification;
    std::vector<std::string> ids;
    for (const Diagnosis& d : v.diagnosis) ids.push_back(d.id);
    std::vector<render::Cell> row = {one.file, verify_word(language, std::string("verdict_") + (one.refused ? "refused" : verdict_word(v)))};
    if (tells(hint, hint_where)) row.emplace_back(v.first_divergent_step ? std::string(name_of(*v.first_divergent_step)) : std::string());
    if (tells(hint, hint_why)) row.emplace_back(one.refused ? one.refused->what() : fmt::format("{}", fmt::join(ids, " ")));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace attn::tools
