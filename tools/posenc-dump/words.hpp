// The notes of this tool, from the lesson files.
#pragma once

#include "../common/output_options.hpp"

#include <attn/lessons/lesson.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::tools {

/// The note "posenc.<name>" as one line; its name where there is none.
inline std::string posenc_word(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values = {}) {
  return lessons::lesson(output.language).note("posenc", name, values).value_or(std::string(name));
}

/// Its paragraphs; none with --no-notes.
inline std::vector<std::string> posenc_notes(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values = {}) {
  if (!output.notes) return {};
  return lessons::lesson(output.language).paragraphs("posenc", name, values);
}

}  // namespace attn::tools
