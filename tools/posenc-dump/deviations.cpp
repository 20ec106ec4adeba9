#include "deviations.hpp"

#include "words.hpp"

#include <cmath>

namespace attn::tools {
namespace {

std::string word_of(const OutputOptions& output, const std::string& text) {
  return lessons::lesson(output.language).note("posenc", "found_" + text).value_or(text);
}

}  // namespace

lessons::Placeholders values_of(const OutputOptions& output, const EncodingSizes& sizes, const std::string& found, const std::string& expected) {
  return {{"found", word_of(output, found)},
          {"expected", word_of(output, expected)},
          {"E", std::to_string(sizes.width)},
          {"D", std::to_string(sizes.head_dim)},
          {"H", std::to_string(sizes.heads)},
          {"scale", posenc::short_number(std::sqrt(static_cast<double>(sizes.width)))}};
}

std::string sentence_of(const OutputOptions& output, const EncodingSizes& sizes, const posenc::Deviation& deviation) {
  lessons::Placeholders values = values_of(output, sizes, deviation.found, deviation.expected);
  if (deviation.approximate) values["found"] = posenc_word(output, "about", {{"found", deviation.found}});
  return posenc_word(output, "is_" + deviation.kind, values);
}

}  // namespace attn::tools
