#include "verify_report.hpp"

#include <fmt/format.h>

namespace attn::tools {
namespace {

std::string index_text(const Shape& index) { return fmt::format("[{}]", fmt::join(index, ",")); }

std::string words(lessons::Language language, const std::string& key, const std::string& variant, const lessons::Placeholders& values = {}) {
  return lessons::lesson(language).note(key, variant, values).value_or(variant);
}

std::string about(lessons::Language language, const Diagnosis& diagnosis, const char* field, const lessons::Placeholders& values) {
  return lessons::mistake_lesson(language).note(diagnosis.id, field, values).value_or("");
}

render::Json number_or_null(bool known, double value) { return known ? render::Json(value) : render::Json(nullptr); }

render::JsonObject json_of_step(const StepVerdict& verdict) {
  const Difference& d = verdict.difference;
  const bool compared = d.total > 0;
  render::JsonArray at;
  if (compared) {
    for (const std::size_t i : unravel(d.at, verdict.ours)) at.emplace_back(static_cast<std::uint64_t>(i));
  }
  render::JsonObject object = {{"step", name_of(verdict.step)},
                               {"status", to_string(d.status)},
                               {"local", to_string(verdict.local)},
                               {"max_abs", number_or_null(compared, d.max_abs)},
                               {"max_rel", number_or_null(compared, d.max_rel)},
                               {"mismatched", static_cast<std::uint64_t>(d.mismatched)},
                               {"total", static_cast<std::uint64_t>(d.total)},
                               {"at", std::move(at)},
                               {"ours", number_or_null(compared, d.ours)},
                               {"theirs", number_or_null(compared, d.theirs)}};
  if (compared) {
    object.emplace_back("cosine", d.cosine);
    object.emplace_back("within_1_permille", d.within_1_permille);
    object.emplace_back("within_5_permille", d.within_5_permille);
    object.emplace_back("rtol", verdict.tolerance.rtol);
    object.emplace_back("atol", verdict.tolerance.atol);
    object.emplace_back("passing_atol", d.passing_atol);
  }
  object.emplace_back("shape", render::json_of(verdict.ours));
  if (d.status == Status::shape) object.emplace_back("their_shape", render::json_of(verdict.theirs));
  return object;
}

std::string why_blind(lessons::Language language, const BlindSpot& spot) {
  return words(language, "verify", spot.applies ? "blind_unchanged" : "blind_not_possible");
}

}  // namespace

render::Json json_of(const Judged& judged, const ReportWords& report) {
  const lessons::Language language = report.language;
  const Verification& v = judged.verification;
  render::JsonArray steps, diagnosis, blind_spots, alignments;
  for (const StepVerdict& verdict : v.steps) steps.emplace_back(json_of_step(verdict));
  for (const Diagnosis& d : v.diagnosis) {
    const lessons::Placeholders values = report.values(d);
    render::JsonObject object = {{"id", d.id},
                                 {"step", name_of(d.step)},
                                 {"confidence", d.explains ? "explains" : "consistent"},
                                 {"residual", d.residual},
                                 {"message", about(language, d, "message", values)},
                                 {"fix", about(language, d, "fix", values)},
                                 {"variant", d.variant},
                                 {"equivalent", d.convention}};
    if (!d.with.empty()) object.emplace_back("with", d.with);
    diagnosis.emplace_back(std::move(object));
  }
  for (const BlindSpot& spot : v.blind_spots) {
    blind_spots.emplace_back(render::JsonObject{{"id", spot.id}, {"why", why_blind(language, spot)}});
  }
  for (const Alignment& a : judged.theirs.alignments) {
    alignments.emplace_back(render::JsonObject{{"theirs", a.theirs}, {"step", name_of(a.step)}, {"by", a.how}, {"axes", a.axes}});
  }
  render::JsonArray unmatched;
  for (const std::string& name : judged.theirs.unmatched) unmatched.emplace_back(name);
  return render::JsonObject{{"verdict", to_string(v.verdict)},
                            {"first_divergent_step", v.first_divergent_step ? render::Json(name_of(*v.first_divergent_step)) : render::Json(nullptr)},
                            {"steps", std::move(steps)},
                            {"diagnosis", std::move(diagnosis)},
                            {"blind_spots", std::move(blind_spots)},
                            {"file", judged.file},
                            {"aligned", std::move(alignments)},
                            {"unmatched", std::move(unmatched)}};
}

render::Table table_of_steps(const Judged& judged) {
  using render::Alignment;
  render::Table table;
  table.columns = {{"step"}, {"end to end"}, {"locally"}, {"differ", Alignment::right}, {"largest", Alignment::right},
                   {"relative", Alignment::right}, {"at"}, {"ours", Alignment::right}, {"theirs", Alignment::right}};
  for (const StepVerdict& v : judged.verification.steps) {
    const Difference& d = v.difference;
    if (d.status == Status::missing) continue;
    const std::string name(name_of(v.step));
    if (d.status == Status::shape) {
      table.rows.push_back({name, std::string("shape"), std::string(to_string(v.local)), std::string(), std::string(), std::string(), std::string(),
                            to_string(v.ours), to_string(v.theirs)});
      continue;
    }
    const bool consequence = d.status != Status::match && v.local == Local::match;
    table.rows.push_back({name, consequence ? std::string("consequence") : std::string(to_string(d.status)), std::string(to_string(v.local)),
                          fmt::format("{} / {}", d.mismatched, d.total), fmt::format("{:.2e}", d.max_abs), fmt::format("{:.2e}", d.max_rel),
                          index_text(unravel(d.at, v.ours)), fmt::format("{:.6g}", d.ours), fmt::format("{:.6g}", d.theirs)});
  }
  return table;
}

render::Table table_of(const std::vector<Judged>& judged) {
  render::Table table;
  table.columns = {{"file"}, {"verdict"}, {"first divergent step", render::Alignment::left, "first_divergent_step"}, {"diagnosis"}};
  for (const Judged& one : judged) {
    const Verification& v = one.verification;
    std::vector<std::string> ids;
    for (const Diagnosis& d : v.diagnosis) ids.push_back(d.id);
    table.rows.push_back({one.file, std::string(to_string(v.verdict)),
                          v.first_divergent_step ? std::string(name_of(*v.first_divergent_step)) : std::string(), fmt::format("{}", fmt::join(ids, " "))});
  }
  return table;
}

std::string text_of(const Judged& judged, const ReportWords& report) {
  const lessons::Language language = report.language;
  const Verification& v = judged.verification;
  std::string text = fmt::format("{}: {}\n", judged.file, words(language, "verify", to_string(v.verdict)));
  for (const Alignment& a : judged.theirs.alignments) {
    if (a.how != "name" || !a.axes.empty()) {
      text += fmt::format("  {} = {} ({}{}{})\n", a.theirs, name_of(a.step), a.how, a.axes.empty() ? "" : ", ", a.axes);
    }
  }
  for (const std::string& name : judged.theirs.unmatched) text += fmt::format("  {}: {}\n", name, words(language, "verify", "unmatched"));
  text += "\n" + render::table_text(table_of_steps(judged), 130);
  if (v.first_divergent_step) {
    text += fmt::format("\n{}: {}\n", words(language, "verify", "first"), name_of(*v.first_divergent_step));
  }
  if (v.diagnosis.size() > 1 && v.diagnosis[0].step == v.diagnosis[1].step && v.diagnosis[0].with.empty()) {
    text += words(language, "verify", "tie") + "\n";
  }
  for (const Diagnosis& d : v.diagnosis) {
    const lessons::Placeholders values = report.values(d);
    const char* degree = d.convention ? "equivalent" : d.explains ? "explains" : "consistent";
    text += fmt::format("\n  {}  {} ({}{}{}; {})\n", d.id, about(language, d, "title", values), name_of(d.step), d.variant.empty() ? "" : ": ", d.variant,
                        words(language, "verify", degree));
    text += fmt::format("      {}\n      → {}\n", about(language, d, "message", values), about(language, d, "fix", values));
    if (!d.with.empty()) text += fmt::format("      + {}\n", d.with);
  }
  for (const StepVerdict& step : v.steps) {
    if (v.first_divergent_step != step.step || !v.diagnosis.empty() || step.difference.total == 0) continue;
    const std::string cell = std::string(name_of(step.step)) + index_text(unravel(step.difference.at, step.ours));
    text += fmt::format("\n{}\n  {}{}{}\n", words(language, "verify", "unknown"), report.has_cells ? "--cell '" : "", cell, report.has_cells ? "'" : "");
  }
  if (v.verdict == Verdict::match) {
    if (!v.blind_spots_known) text += "\n" + words(language, "verify", "blind_unknown") + "\n";
    std::vector<std::string> unchanged, impossible;
    for (const BlindSpot& spot : v.blind_spots) (spot.applies ? unchanged : impossible).push_back(spot.id);
    if (!unchanged.empty()) text += fmt::format("\n{}: {}\n", words(language, "verify", "blind_unchanged"), fmt::join(unchanged, " "));
    if (!impossible.empty()) text += fmt::format("{}: {}\n", words(language, "verify", "blind_not_possible"), fmt::join(impossible, " "));
  }
  return text;
}

}  // namespace attn::tools
