// The similarity of a table's rows, as a section of a document and as plots.
#pragma once

#include "../common/output_options.hpp"

#include <attn/ops/position_relative.hpp>
#include <attn/render/document.hpp>
#include <attn/render/plot.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// The heat map of all pairs, and the mean over each diagonal. `result` must outlive them.
template <class T>
std::vector<render::Plot> similarity_plots(const std::string& title, const OutputOptions& output, const Similarity<T>& result);

template <class T>
render::Section similarity_section(const OutputOptions& output, const Similarity<T>& result);

}  // namespace attn::tools
