#include "layer_views.hpp"

#include <vector>

namespace attn::tools {
namespace {

const TraceEntry* entry_named(const Trace& trace, const std::string& name) {
  for (const TraceEntry& entry : trace.entries) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

std::optional<Block> block_of(const TraceEntry& entry) {
  // The feed-forward first: the path of its own steps is the same whatever block one asks for.
  for (const Block block : {Block::ffn, Block::self, Block::cross}) {
    if (entry.name == path_of(block, entry.step)) return block;
  }
  return std::nullopt;
}

LayerViews::Part LayerViews::part_of(Step step) {
  switch (step) {
    case Step::w_s:
    case Step::b_s:
    case Step::shortcut:
    case Step::residual: return Part::sum;
    case Step::gamma:
    case Step::beta:
    case Step::norm_mean:
    case Step::norm_var:
    case Step::norm_mean_square:
    case Step::norm_hat:
    case Step::norm: return Part::norm;
    default: return Part::sublayer;
  }
}

// An entry under another step: what a sublayer reads is the result of the one before.
void LayerViews::add_as(Trace& view, const Trace& trace, const std::string& name, Step step) const {
  const TraceEntry* entry = entry_named(trace, name);
  if (!entry) return;
  view.entries.push_back(*entry);
  view.entries.back().step = step;
}

void LayerViews::add_block(const Trace& trace, Block block, const std::string& source, bool norm_first) {
  const std::string read = norm_first ? path_of(block, Step::norm) : source;
  Trace& sublayer = views_.at({block, Part::sublayer}).trace;
  Trace& sum = views_.at({block, Part::sum}).trace;
  add_as(sublayer, trace, read, block == Block::ffn ? Step::norm : Step::x);
  if (block == Block::cross) add_as(sublayer, trace, std::string(name_of(Step::memory)), Step::memory);
  add_as(sum, trace, source, Step::x);
  add_as(sum, trace, path_of(block, block == Block::ffn ? Step::ffn_output : Step::output), Step::output);
  if (norm_first) add_as(views_.at({block, Part::norm}).trace, trace, source, Step::residual);
  if (!norm_first) add_as(views_.at({block, Part::norm}).trace, trace, path_of(block, Step::residual), Step::residual);
  for (const TraceEntry& entry : trace.entries) {
    if (block_of(entry) == block) views_.at({block, part_of(entry.step)}).trace.entries.push_back(entry);
  }
}

LayerViews::LayerViews(const Trace& trace, std::map<Block, BlockFacts> blocks, const LayoutInfo* layout) {
  const bool norm_first = blocks.at(Block::self).facts.layer->norm_first;
  std::string source(name_of(Step::x));
  for (const auto& [block, known] : blocks) {
    for (const Part part : {Part::sublayer, Part::sum, Part::norm}) {
      AttentionResult view{Trace{known.sizes, trace.precision, {}}, known.facts, layout};
      view.scores = known.scores;
      views_.emplace(std::pair{block, part}, std::move(view));
    }
    add_block(trace, block, source, norm_first);
    source = path_of(block, norm_first ? Step::residual : Step::norm);
  }
}

const AttentionResult& LayerViews::of(const TraceEntry& entry) const {
  const std::optional<Block> block = block_of(entry);
  if (block) return views_.at({*block, part_of(entry.step)});
  if (entry.step == Step::x) return views_.at({Block::self, Part::sum});
  if (entry.step == Step::memory) return views_.at({Block::cross, Part::sublayer});
  return views_.at({Block::ffn, Part::sum});
}

}  // namespace attn::tools
