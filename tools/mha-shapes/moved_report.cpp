#include "moved_report.hpp"

#include "../common/formats.hpp"
#include "../common/numbers.hpp"
#include "../common/run_tool.hpp"
#include "../common/verify_page.hpp"
#include "report.hpp"

#include <attn/error.hpp>
#include <attn/render/number.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <deque>

namespace attn::tools {
namespace {

constexpr const char* group = "Verification";

Tolerance tolerance_of(const MovedVerifyOptions& verify, const std::vector<io::NamedArray>& theirs) {
  if (verify.rtol) return {*verify.rtol, *verify.atol, true};
  double rounding = 0;  // half a unit of the coarsest element type
  for (const io::NamedArray& named : theirs) {
    if (named.array.dtype == DType::bfloat16) rounding = std::max(rounding, std::ldexp(1.0, -8));
    if (named.array.dtype == DType::float16) rounding = std::max(rounding, std::ldexp(1.0, -11));
    if (named.array.dtype == DType::float32) rounding = std::max(rounding, std::ldexp(1.0, -24));
  }
  return {rounding, 0, true};
}

std::string about(lessons::Language language, const MovedDiagnosis& diagnosis, const char* field) {
  return lessons::mistake_lesson(language).note(diagnosis.id, field, {{"step", diagnosis.name}, {"found", diagnosis.variant}, {"expected", "[3, H, D]"}}).value_or("");
}

std::string verify_word(lessons::Language language, const std::string& key) { return lessons::lesson(language).note("verify", key).value_or(key); }

render::Json number_or_null(bool known, double value) { return known ? render::Json(value) : render::Json(nullptr); }

render::JsonObject json_of(const MovedVerdict& verdict) {
  const Difference& d = verdict.difference;
  const bool compared = d.total > 0;
  render::JsonArray at;
  if (compared) {
    for (const std::size_t i : unravel(d.at, verdict.ours)) at.emplace_back(std::uint64_t{i});
  }
  render::JsonObject object = {{"step", verdict.name},
                               {"status", to_string(d.status)},
                               // Nothing lies before a tensor that was only moved: it is right or wrong by itself.
                               {"local", !compared ? "unknown" : d.status == Status::match ? "match" : "mismatch"},
                               {"max_abs", number_or_null(compared, d.max_abs)},
                               {"max_rel", number_or_null(compared, d.max_rel)},
                               {"mismatched", std::uint64_t{d.mismatched}},
                               {"total", std::uint64_t{d.total}},
                               {"at", std::move(at)},
                               {"ours", number_or_null(compared, d.ours)},
                               {"theirs", number_or_null(compared, d.theirs)},
                               {"shape", render::json_of(verdict.ours)}};
  if (d.status == Status::shape) object.emplace_back("their_shape", render::json_of(verdict.theirs));
  return object;
}

std::string json_report(const MovedVerification& v, const MovedVerifyOptions& verify, lessons::Language language) {
  render::JsonArray steps, diagnosis, blind_spots, unmatched;
  for (const MovedVerdict& verdict : v.tensors) steps.emplace_back(json_of(verdict));
  for (const MovedDiagnosis& d : v.diagnosis) {
    diagnosis.emplace_back(render::JsonObject{{"id", d.id}, {"step", d.name}, {"confidence", "explains"}, {"residual", 0.0},
                                              {"message", about(language, d, "message")}, {"fix", about(language, d, "fix")}, {"variant", d.variant}});
  }
  for (const BlindSpot& spot : v.blind_spots) {
    blind_spots.emplace_back(render::JsonObject{{"id", spot.id}, {"why", verify_word(language, spot.applies ? "blind_unchanged" : "blind_not_possible")}});
  }
  for (const std::string& name : v.unmatched) unmatched.emplace_back(name);
  render::StringOutput output;
  render::write_json(output, render::JsonObject{{"verdict", to_string(v.verdict)},
                                                {"first_divergent_step", v.first_divergent ? render::Json(*v.first_divergent) : render::Json(nullptr)},
                                                {"steps", std::move(steps)},
                                                {"diagnosis", std::move(diagnosis)},
                                                {"blind_spots", std::move(blind_spots)},
                                                {"file", verify.file},
                                                {"unmatched", std::move(unmatched)}});
  return output.text();
}

std::string place_of(const MovedVerdict& verdict) {
  const Shape index = unravel(verdict.difference.at, verdict.ours);
  std::string text;
  for (const std::size_t i : index) text += (text.empty() ? "" : ",") + std::to_string(i);
  return "[" + text + "]";
}

render::Table table_of(const MovedVerification& v, lessons::Language language) {
  constexpr auto right = render::Alignment::right;
  render::Table table;
  table.columns = {column(language, "name"), column(language, "status"), column(language, "differ", right), column(language, "at"),
                   column(language, "ours", right), column(language, "theirs", right)};
  for (const MovedVerdict& verdict : v.tensors) {
    const Difference& d = verdict.difference;
    std::vector<render::Cell> cells = {verdict.name, std::string(to_string(d.status))};
    if (d.status == Status::shape) {
      cells.insert(cells.end(), {render::Cell(), render::Cell(), to_string(verdict.ours), to_string(verdict.theirs)});
    } else if (d.total > 0 && d.status != Status::match) {
      cells.insert(cells.end(), {std::to_string(d.mismatched) + " / " + std::to_string(d.total), place_of(verdict), render::number_text(d.ours),
                                 render::number_text(d.theirs)});
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::vector<std::string> closing_of(const MovedVerification& v, lessons::Language language) {
  std::vector<std::string> closing;
  for (const std::string& name : v.unmatched) closing.push_back(name + ": " + say(language, "moved.unmatched"));
  for (const MovedDiagnosis& d : v.diagnosis) {
    closing.push_back(d.id + "  " + about(language, d, "title") + " (" + d.name + (d.variant.empty() ? "" : ": " + d.variant) + ")");
    closing.push_back("→ " + about(language, d, "fix"));
  }
  for (const bool applies : {true, false}) {
    std::string ids;
    for (const BlindSpot& spot : v.blind_spots) ids += spot.applies == applies ? " " + spot.id : "";
    if (!ids.empty()) closing.push_back(verify_word(language, applies ? "blind_unchanged" : "blind_not_possible") + ":" + ids);
  }
  return closing;
}

// The verdict with its diagnosis, a line a tensor, and the tensors beside each other.
PageText page_of(const MovedVerification& v, const MovedVerifyOptions& verify, const std::vector<Sides>& sides, const OutputOptions& output) {
  PageText page{verify.file, {}};
  render::PageBlock verdict, table;
  verdict.title = verify.file + ": " + verify_word(output.language, to_string(v.verdict));
  verdict.tone = v.verdict == Verdict::match ? render::Tone::good : render::Tone::bad;
  if (output.notes) verdict.paragraphs = closing_of(v, output.language);
  table.table = table_of(v, output.language);
  page.blocks = {std::move(verdict), std::move(table)};
  for (const Sides& one : sides) page.blocks.push_back(beside(one, output.language));
  return page;
}

void write_moved_page(const MovedVerification& v, const MovedVerifyOptions& verify, const std::vector<MovedTensor>& ours,
                      const std::vector<ForeignTensor>& theirs, const OutputOptions& output) {
  std::vector<Sides> sides;
  std::deque<Tensor<double>> differences;
  for (const MovedTensor& one : ours) {
    for (const ForeignTensor& other : theirs) {
      if (other.name != one.name) continue;
      std::optional<Tensor<double>> difference = difference_of(one.tensor, other.tensor.view());
      if (difference) differences.push_back(std::move(*difference));
      sides.push_back({one.name, {}, render::Shading::diverging, one.tensor, other.tensor.view(), difference ? &differences.back() : nullptr});
    }
  }
  const auto sink = open_result(output);
  SinkOutput page(*sink);
  write_page(page, [&]() { return page_of(v, verify, sides, output); }, output);
  sink->finish();
}

}  // namespace

void add_moved_verify_options(CLI::App& app, MovedVerifyOptions& o) {
  const auto add = [&app](const char* option, const char* type, const char* help, std::function<void(const std::string&)> set) {
    app.add_option_function<std::string>(option, std::move(set), help)->type_name(type)->group(group);
  };
  const auto number = [](const char* option, const std::string& text) {
    const double value = parse_number(option, text);
    if (value < 0) throw UsageError(option, "expected a number, 0 or more, found '" + text + "'");
    return value;
  };
  add("--verify", "FILE", "Hold the result that somebody else got against ours; exit 1 if they differ", [&o](const std::string& text) { o.file = text; });
  add("--rtol", "X", "Relative tolerance, together with --atol (default: every number equal, as their type rounds it)",
      [&o, number](const std::string& text) { o.rtol = number("--rtol", text); });
  add("--atol", "X", "Absolute tolerance, together with --rtol", [&o, number](const std::string& text) { o.atol = number("--atol", text); });
}

void check_moved_verify(const MovedVerifyOptions& o) {
  if (o.rtol.has_value() != o.atol.has_value()) throw UsageError(o.rtol ? "--rtol" : "--atol", "give --rtol and --atol together, or neither");
  if (o.rtol && o.file.empty()) throw UsageError("--rtol", "needs --verify, whose tolerance it is");
}

int verify_and_report(const std::vector<MovedTensor>& ours, const std::vector<io::NamedArray>& theirs, const std::vector<MovedMistake>& mistakes,
                      const MovedVerifyOptions& verify, const OutputOptions& output) {
  const Tolerance tolerance = tolerance_of(verify, theirs);
  std::vector<ForeignTensor> tensors;
  for (const io::NamedArray& named : theirs) {
    // A file of one array without a name stands for the one tensor there is.
    const std::string name = named.name.empty() && ours.size() == 1 ? ours.front().name : named.name;
    tensors.push_back({name, io::to_tensor<double>(named.array, verify.file + ":" + name)});
  }
  const MovedVerification v = verify_moved(ours, tensors, mistakes, tolerance);
  if (chosen_format(output).name == "json") {
    write_text_result(json_report(v, verify, output.language), output);
  } else if (chosen_format(output).name == "html") {
    write_moved_page(v, verify, ours, tensors, output);
  } else {
    Report report;
    report.title = verify.file + ": " + verify_word(output.language, to_string(v.verdict));
    report.table = table_of(v, output.language);
    if (output.notes) report.closing = closing_of(v, output.language);
    write([&report]() { return report; }, output);
  }
  return v.verdict == Verdict::match ? exit_done : exit_different;
}

}  // namespace attn::tools
