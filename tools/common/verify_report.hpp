// What verification found, as text for people, as JSON for programs, and as a table of several files.
#pragma once

#include <attn/lessons/lesson.hpp>
#include <attn/render/json.hpp>
#include <attn/render/table.hpp>
#include <attn/verify/verification.hpp>

#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

/// One submission and the verdict on it.
struct Judged {
  std::string file;
  Submission theirs;
  Verification verification;
};

/// What a report needs to put its findings into words.
struct ReportWords {
  lessons::Language language;
  /// The values of the placeholders in the message about a mistake.
  std::function<lessons::Placeholders(const Diagnosis&)> values;
  bool has_cells = true;  ///< the subcommand takes one number apart with --cell
};

/// The object that data/verify.schema.json describes.
render::Json json_of(const Judged& judged, const ReportWords& report);

/// A page for people: the verdict, a line a step, the diagnosis, the worst cells, what was not visible.
std::string text_of(const Judged& judged, const ReportWords& report);

/// One line a file.
render::Table table_of(const std::vector<Judged>& judged);

/// A line a step: status, differences, the worst cell.
render::Table table_of_steps(const Judged& judged);

}  // namespace attn::tools
