// Cells and words of this tool's tables.
#pragma once

#include <attn/cost/complexity.hpp>
#include <attn/cost/quantities.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/render/json.hpp>
#include <attn/render/table.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::tools {

/// A count for programs: a whole number, or its digits where 64 bits do not hold it.
render::Cell exact_cell(cost::Count count);
render::Json exact_json(cost::Count count);

/// A count for people, digits in groups; a missing one is a dash.
render::Cell readable_cell(const std::optional<cost::Count>& count);

render::Cell formula_cell(const cost::Polynomial& polynomial);
/// O(…)
render::Cell order_cell(const std::string& text, const std::string& latex);

/// The entry "complexity.KEY" of the lesson file; the key itself if there is none.
std::string phrase(lessons::Language language, std::string_view key);
/// Its paragraphs; none if there is no such entry.
std::vector<std::string> paragraphs(lessons::Language language, std::string_view key);

/// A layer's name in that language.
std::string layer_name(lessons::Language language, cost::Layer layer);

/// Columns for people, titled by "complexity.column.KEY"; those of numbers are right-aligned.
render::Column words_column(lessons::Language language, const std::string& key);
render::Column number_column(lessons::Language language, const std::string& key);

/// {"n": 128, "d": 512, …}: the letters that have a number.
render::JsonObject json_of(const cost::Values& values);

}  // namespace attn::tools
