// What a notebook shows of a result: the same as text, as HTML and as LaTeX. display.hpp hands it to Jupyter.
#pragma once

#include <attn/render/table.hpp>
#include <attn/trace.hpp>
#include <attn/verify/verification.hpp>

#include <string>
#include <vector>

namespace attn::notebook {

/// One result in the forms that a front end may choose from. HTML has its style with it, needs no script and
/// no network, and is readable on light and dark pages.
struct Bundle {
  std::string text;
  std::string html;
  std::string latex;
};

/// How a tensor is labelled. What is empty is left out.
struct Labels {
  std::string name{};                    ///< "weights"
  std::string axes{};                    ///< letters of shape.hpp, one an axis: "B, H, Lq, Lk"
  std::vector<std::string> rows{};       ///< tokens
  std::vector<std::string> columns{};
};

/// Matrices of a tensor, shaded. Large ones are shown in part, and say so.
Bundle bundle_of(const TensorView& tensor, const Labels& labels = {});

/// Every step with its symbol, formula and shape; in HTML they fold.
Bundle bundle_of(const Trace& trace);

/// What a comparison of two tensors found.
Bundle bundle_of(const Difference& difference);

/// Verdict, first wrong step, diagnosis, and a line for every step.
Bundle bundle_of(const Verification& verification);

Bundle bundle_of(const render::Table& table);

}  // namespace attn::notebook
