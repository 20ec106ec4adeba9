// Reads the text files that tests/reference/make_random.py writes: one record a line, words between
// blanks, float32 numbers as eight hexadecimal digits of their bit pattern.
#pragma once

#include <attn/tensor.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace reference {

/// The lines of a file in tests/reference, without comments.
inline std::vector<std::string> lines(const std::string& name) {
  std::ifstream file(std::string(ATTNSCOPE_REFERENCE_DIR) + "/" + name);
  REQUIRE_MESSAGE(file, "cannot read ", name);
  std::vector<std::string> result;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') result.push_back(line);
  }
  return result;
}

/// The rest of a record as float32 numbers.
inline std::vector<float> floats(std::istringstream& words) {
  std::vector<float> values;
  for (std::string word; words >> word;) {
    const auto bits = static_cast<std::uint32_t>(std::stoul(word, nullptr, 16));
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    values.push_back(value);
  }
  return values;
}

/// "2x3x4" -> {2, 3, 4}.
inline attn::Shape shape(const std::string& text) {
  attn::Shape sizes;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, 'x');) sizes.push_back(std::stoul(part));
  return sizes;
}

inline std::vector<float> values_of(const attn::Tensor<float>& tensor) {
  return {tensor.storage().begin(), tensor.storage().end()};
}

}  // namespace reference
