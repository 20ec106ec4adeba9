// A layer, seen block by block: for each step the tensors it was made from, as the notes, the checks and
// --cell expect them.
#pragma once

#include "attention_command.hpp"

#include <attn/trace.hpp>

#include <map>
#include <string>
#include <utility>

namespace attn::tools {

/// What is known of the blocks besides their tensors.
struct BlockFacts {
  Sizes sizes;
  AttentionFacts facts;
  std::optional<ScoreOptions> scores{};
};

class LayerViews {
 public:
  /// `trace` is a whole layer with its parameters, under their paths; it must outlive the views.
  LayerViews(const Trace& trace, std::map<Block, BlockFacts> blocks, const LayoutInfo* layout);

  /// The part of the layer that an entry of the trace belongs to. The tensors have the steps' own meaning
  /// there (what a sublayer reads is Step::x) and the names they have in the layer.
  const AttentionResult& of(const TraceEntry& entry) const;

 private:
  /// The sublayer itself, the residual connection around it, and its normalisation.
  enum class Part { sublayer, sum, norm };
  static Part part_of(Step step);

  void add_block(const Trace& trace, Block block, const std::string& source, bool norm_first);
  void add_as(Trace& view, const Trace& trace, const std::string& name, Step step) const;

  std::map<std::pair<Block, Part>, AttentionResult> views_;
};

/// The block that an entry belongs to; empty for the input, the memory and the output of the layer.
std::optional<Block> block_of(const TraceEntry& entry);

}  // namespace attn::tools
