// Findings of the identification in words, from the lesson files.
#pragma once

#include "../common/output_options.hpp"

#include <attn/verify/posenc_identify.hpp>

#include <cstddef>
#include <string>

namespace attn::tools {

/// The sizes that sentences name.
struct EncodingSizes {
  std::size_t width = 0;     ///< columns, E
  std::size_t head_dim = 0;  ///< D
  std::size_t heads = 0;     ///< H
};

/// The values of a sentence's placeholders; `found` and `expected` may be words of the lesson files.
lessons::Placeholders values_of(const OutputOptions& output, const EncodingSizes& sizes, const std::string& found, const std::string& expected);

/// "base 500 instead of 10000".
std::string sentence_of(const OutputOptions& output, const EncodingSizes& sizes, const posenc::Deviation& deviation);

}  // namespace attn::tools
