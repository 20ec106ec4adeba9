// The notes of this tool, from the lesson files, and its numbers as people read them.
#pragma once

#include "../common/output_options.hpp"

#include <attn/lessons/lesson.hpp>
#include <attn/render/table.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attn::tools {

/// The note "posenc.<name>" as one line; its name where there is none.
std::string posenc_word(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values = {});

/// Its paragraphs; none with --no-notes.
std::vector<std::string> posenc_notes(const OutputOptions& output, std::string_view name, const lessons::Placeholders& values = {});

/// Axes in the language of the output; programs get the words that stand in the code.
std::vector<std::string> shown_axes(const OutputOptions& output, std::vector<std::string> axes);

/// The positions of rows, where the first is not 0, which is what rows are called anyway.
std::vector<std::string> position_labels(std::uint64_t first, std::size_t count);

/// Six significant digits, or --precision digits after the point.
render::Cell shown_number(const OutputOptions& output, double value);

/// The table with such numbers; CSV and JSON take the table as it is.
render::Table shown_table(const OutputOptions& output, render::Table table);

}  // namespace attn::tools
