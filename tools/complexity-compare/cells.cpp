#include "cells.hpp"

#include <limits>

namespace attn::tools {
namespace {

bool fits_64_bits(cost::Count count) {
  return count <= std::numeric_limits<std::int64_t>::max() && count >= std::numeric_limits<std::int64_t>::min();
}

}  // namespace

render::Cell exact_cell(cost::Count count) {
  if (fits_64_bits(count)) return static_cast<std::int64_t>(count);
  return cost::to_string(count);
}

render::Json exact_json(cost::Count count) {
  if (fits_64_bits(count)) return static_cast<std::int64_t>(count);
  return cost::to_string(count);
}

render::Cell readable_cell(const std::optional<cost::Count>& count) { return count ? cost::grouped(*count) : "—"; }

render::Cell formula_cell(const cost::Polynomial& polynomial) {
  return render::Formula{polynomial.text(), polynomial.latex()};
}

render::Cell order_cell(const std::string& text, const std::string& latex) {
  return render::Formula{"O(" + text + ")", "O(" + latex + ")"};
}

std::string phrase(lessons::Language language, std::string_view key) {
  return lessons::lesson(language).note("complexity." + std::string(key)).value_or(std::string(key));
}

std::vector<std::string> paragraphs(lessons::Language language, std::string_view key) {
  return lessons::lesson(language).paragraphs("complexity." + std::string(key));
}

std::string layer_name(lessons::Language language, cost::Layer layer) {
  return phrase(language, "layer." + std::string(cost::layer_info(layer).key));
}

render::Column words_column(lessons::Language language, const std::string& key) {
  return {phrase(language, "column." + key), render::Alignment::left, key, {}};
}

render::Column number_column(lessons::Language language, const std::string& key) {
  return {phrase(language, "column." + key), render::Alignment::right, key, {}};
}

render::JsonObject json_of(const cost::Values& values) {
  render::JsonObject object;
  for (const cost::LetterInfo& row : cost::letter_table()) {
    if (values[row.letter] > 0) object.emplace_back(row.name, exact_json(values[row.letter]));
  }
  return object;
}

}  // namespace attn::tools
