// The online softmax as tables for people: which tiles are computed, what happens in each, and the end.
#pragma once

#include "../common/table_report.hpp"
#include "tile_summary.hpp"

#include <attn/ops/fused/online_softmax_trace.hpp>

#include <vector>

namespace attn::tools {

/// What the tables are made from.
template <class T>
struct TileView {
  const OnlineSoftmaxTrace<T>& trace;
  const Tensor<T>& whole;             ///< [B, H, Lq, Dv]: softmax over whole rows, times V
  const AttentionOptions<T>& options;
  const OutputOptions& output;
};

/// The map of the tiles, a table a tile and the result, of the first head of the first sample; of all heads and
/// all their tiles with --full.
template <class T>
std::vector<TitledTable> tile_tables(const TileView<T>& view);

/// A word or a sentence of the lesson files about tiles, as one line.
std::string tile_word(const OutputOptions& output, const std::string& name, const lessons::Placeholders& values = {});

}  // namespace attn::tools
