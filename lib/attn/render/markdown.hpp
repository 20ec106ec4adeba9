// A document as Markdown: headings, formulas between dollar signs, a table for every matrix.
#pragma once

#include <attn/render/document.hpp>
#include <attn/render/output.hpp>

namespace attn::render {

struct MarkdownStyle {
  int decimals = 4;
  Extent extent{};
  Words words{};
};

void write_markdown(Output& output, const Document& document, const MarkdownStyle& style = {});

}  // namespace attn::render
