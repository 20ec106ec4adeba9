// What verification found, as JSON for programs and as tables: a line a step, or a line a file. The page
// for people is in verify_text.hpp.
//
// A hint holds the report to what a student should be told: 1 that something is wrong, 2 also where, 3 also
// why. No hint gives a right number away; 0 is the whole report.
#pragma once

#include <attn/error.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/json.hpp>
#include <attn/render/table.hpp>
#include <attn/verify/verification.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

/// One submission and the verdict on it.
struct Judged {
  std::string file;
  Submission theirs;
  Verification verification;
  std::optional<Error> refused;  ///< of several files: why this one could not be read
  /// By id of a diagnosis: numbers in its sentences that were read off their tensors.
  std::map<std::string, lessons::Placeholders> measured;
};

/// What a report needs to put its findings into words.
struct ReportWords {
  lessons::Language language;
  /// The values of the placeholders in the message about a mistake: what this run has.
  std::function<lessons::Placeholders(const Diagnosis&)> values;
  bool has_cells = true;  ///< the subcommand takes one number apart with --cell
  /// What is said of a step that nothing explains, by the name of the text; empty: that the catalogue does not.
  std::function<const char*(Step)> unexplained{};
  Sizes sizes{};          ///< of the run, for the labels of axes
  int hint = 0;
  bool color = false;
  std::size_t width = 100;  ///< columns of the page of text
  std::function<std::map<Step, Tensor<double>>()> ours{};  ///< our tensors, for a page that shows them
};

constexpr int hint_where = 2, hint_why = 3;

/// Whether a report with this hint says what the given level allows.
inline bool tells(int hint, int level) { return hint == 0 || hint >= level; }

/// Cells of a worksheet that were left empty, over all steps.
std::size_t unfilled_cells(const Verification& verification);

/// "match", "mismatch", "incomparable"; "incomplete" for a worksheet that is right as far as it goes.
const char* verdict_word(const Verification& verification);

/// The object that data/verify.schema.json describes.
render::Json json_of(const Judged& judged, const ReportWords& report);

/// One line a file.
render::Table table_of(const std::vector<Judged>& judged, lessons::Language language, int hint);

/// A line a step: status, differences, the worst cell.
render::Table table_of_steps(const Judged& judged, lessons::Language language, int hint);

}  // namespace attn::tools
