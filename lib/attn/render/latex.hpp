// A document as LaTeX: formulas as displays, every matrix a bmatrix. Needs amsmath only.
#pragma once

#include <attn/render/document.hpp>
#include <attn/render/output.hpp>

namespace attn::render {

struct LatexStyle {
  int decimals = 4;
  bool labels = false;      ///< row and column labels around every matrix
  bool standalone = false;  ///< a whole file with its preamble; otherwise a piece for \input, which begins with a
                            ///< comment that names the packages it needs
  Extent extent{};
  Words words{};
};

void write_latex(Output& output, const Document& document, const LatexStyle& style = {});

}  // namespace attn::render
