// What verification found, as text for people, as JSON for programs, and as a table of several files.
#pragma once

#include <attn/error.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/json.hpp>
#include <attn/render/table.hpp>
#include <attn/verify/verification.hpp>

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
};

/// The object that data/verify.schema.json describes.
render::Json json_of(const Judged& judged, const Problem<double>& problem, lessons::Language language);

/// A page for people: the verdict, a line a step, the diagnosis, the worst cells, what was not visible.
std::string text_of(const Judged& judged, const Problem<double>& problem, lessons::Language language);

/// One line a file.
render::Table table_of(const std::vector<Judged>& judged);

/// A line a step: status, differences, the worst cell.
render::Table table_of_steps(const Judged& judged);

}  // namespace attn::tools
