// A document as text for people: fixed width, aligned, shaded on request.
#pragma once

#include <attn/render/document.hpp>
#include <attn/render/output.hpp>

#include <cstddef>

namespace attn::render {

struct TextStyle {
  std::size_t width = 100;  ///< columns of the page, at least 40
  int decimals = 4;         ///< digits after the point, 0 … 60
  bool color = false;       ///< heat shading and bold headings, as ANSI sequences of 256 colours
  Extent extent{};
  Words words{};
};

/// Writes the whole document. Memory does not grow with the size of the tensors.
void write_text(Output& output, const Document& document, const TextStyle& style = {});

/// One section, for callers that compute as they print. count: the 8 of "[3/8]".
void write_text(Output& output, const Section& section, int count, const TextStyle& style = {});

}  // namespace attn::render
