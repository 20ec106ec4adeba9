// One number of a trace, taken apart: which numbers it was made from, term by term, in the order and the
// precision in which it was computed.
#pragma once

#include <attn/ops/feed_forward.hpp>
#include <attn/ops/mask.hpp>
#include <attn/ops/norm.hpp>
#include <attn/ops/rope.hpp>
#include <attn/trace.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// What a layer did besides what its tensors show.
struct LayerFacts {
  bool norm_first = false;
  NormOptions norm;
  Activation activation = Activation::relu;
};

/// What a run did besides what its tensors show.
struct AttentionFacts {
  double scale = 1;
  std::optional<double> softcap;
  double mask_fill = 0;
  double dropout_p = 0;
  /// Whether rows in which every key is forbidden are set by --masked-rows instead of the softmax.
  bool masked_rows_replaced = true;
  /// The verdict on query i and key j of head h in sample b; empty when there is no mask rule.
  std::function<MaskVerdict<double>(std::size_t b, std::size_t h, std::size_t i, std::size_t j)> verdict;
  std::optional<RopeOptions> rotary;  ///< with the offset of this run's first row
  std::optional<LayerFacts> layer;    ///< of a run that is part of a layer
};

/// One line of a sum: left · right, or a single number when `right` is empty.
struct CellTerm {
  std::string left;          ///< "q[0,1,2,0]"
  std::string right;         ///< "k[0,0,3,0]"
  double left_value = 0;
  double right_value = 0;
  double value = 0;          ///< the product, rounded to the precision of the run
  double running_sum = 0;    ///< after this term
};

/// Which mask rules forbid a cell, for the reader's words.
struct CellMask {
  bool causal = false, padding = false, window = false, given = false;
};

struct CellExplanation {
  std::string cell;                 ///< "scores_raw[0,1,2,3]"
  std::string rule;                 ///< "sum over d of q[…,d] · k[…,d]"
  std::vector<CellTerm> terms;      ///< empty for a step that copies or maps one number
  std::vector<std::string> lines;   ///< the rest of the arithmetic, one equation a line
  std::optional<CellMask> mask;     ///< for mask and scores_masked in a run with mask rules
  double value = 0;                 ///< the number in the trace
  double recomputed = 0;            ///< what the terms above give; equal, or apart by BLAS's order of summation
};

/// One element of one step.
struct CellAddress {
  Step step;
  std::vector<std::size_t> index;  ///< one for each axis, in range
};

/// Takes one number of the trace apart. The trace must hold the steps the number was made from (a
/// complete run does) and the parameters of its linear maps.
CellExplanation explain_cell(const Trace& trace, const AttentionFacts& facts, const CellAddress& address);

}  // namespace attn
