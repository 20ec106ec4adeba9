#include "verify_words.hpp"

#include <attn/lessons/words.hpp>

#include <fmt/format.h>

#include <map>

namespace attn::tools {
namespace {

// What the verdict itself says: where, how many cells, how far.
lessons::Placeholders values_of_verdict(const Diagnosis& diagnosis, const Judged& judged) {
  lessons::Placeholders values = {{"step", std::string(name_of(diagnosis.step))}};
  for (const StepVerdict& verdict : judged.verification.steps) {
    if (verdict.step != diagnosis.step) continue;
    values["deviation"] = fmt::format("{:.1e}", verdict.difference.max_abs);
    values["count"] = std::to_string(verdict.difference.mismatched);
  }
  return values;
}

// A message that has both sides is true whichever of them is the usual one.
bool says_what_was_expected(lessons::Language language, const std::string& id) {
  const std::string mark = "\x01";
  return lessons::mistake_lesson(language).note(id, "message", {{"expected", mark}}).value_or("").find(mark) != std::string::npos;
}

}  // namespace

std::string verify_word(lessons::Language language, const std::string& entry, const lessons::Placeholders& values) {
  return lessons::lesson(language).note("verify", entry, values).value_or(entry);
}

std::string not_compared(const Unmatched& theirs, lessons::Language language) {
  constexpr std::string_view of_pytorch = "attn_output_weights";  // as nn.MultiheadAttention returns it: a mean, unless asked otherwise
  const std::string& name = theirs.name;
  const bool is_mean = name.size() >= of_pytorch.size() && name.compare(name.size() - of_pytorch.size(), of_pytorch.size(), of_pytorch) == 0;
  static const std::map<Unmatched::Why, const char*> entries = {{Unmatched::Why::no_step, "unmatched"},
                                                                {Unmatched::Why::same_shape, "unmatched_shape"},
                                                                {Unmatched::Why::taken, "unmatched_taken"},
                                                                {Unmatched::Why::truth_values, "unmatched_truth"}};
  std::vector<std::string> steps;
  for (const Step step : theirs.steps) steps.emplace_back(name_of(step));
  const std::string list = fmt::format("{}", fmt::join(steps, lessons::words(language).list_separator));
  const char* const entry = is_mean && theirs.why == Unmatched::Why::no_step ? "unmatched_mean" : entries.at(theirs.why);
  return verify_word(language, "heading", {{"name", name}, {"found", verify_word(language, entry, {{"name", name}, {"list", list}})}});
}

std::string sentence_of(const Diagnosis& diagnosis, const std::string& field, const Judged& judged, const ReportWords& report) {
  lessons::Placeholders values = values_of_verdict(diagnosis, judged);
  for (const auto& [name, value] : report.values(diagnosis)) values[name] = value;
  if (const auto found = judged.measured.find(diagnosis.id); found != judged.measured.end()) {
    for (const auto& [name, value] : found->second) values[name] = value;
  }
  // The phrase of the variant, which may hold a number that was found.
  const auto phrase = lessons::variant_phrase(report.language, diagnosis.id, diagnosis.variant, values);
  if (phrase) values["found"] = *phrase;
  if (!values.count("found")) values["found"] = diagnosis.variant;
  if (diagnosis.of_ours && (field == "fix" || (field == "message" && !says_what_was_expected(report.language, diagnosis.id)))) {
    return verify_word(report.language, "of_ours_" + field);
  }
  return lessons::mistake_lesson(report.language).note(diagnosis.id, field, values).value_or("");
}

std::vector<std::string> mistakes_made(const std::vector<std::string>& ids, lessons::Language language) {
  std::vector<std::string> paragraphs;
  for (const std::string& id : ids) {
    const std::string title = lessons::mistake_lesson(language).note(id, "title").value_or(id);
    for (std::string& text : lessons::lesson(language).paragraphs("intro", "mistake", {{"id", id}, {"title", title}})) {
      paragraphs.push_back(std::move(text));
    }
  }
  return paragraphs;
}

}  // namespace attn::tools
