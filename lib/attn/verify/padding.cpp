#include <attn/shape.hpp>
#include <attn/verify/layer_problem.hpp>
#include <attn/verify/padding.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace attn {
namespace {

using S = Step;

struct Range {
  std::size_t begin = 0, end = 0;
  bool empty() const { return begin == end; }
};

// The positions of padding along an axis of `length`, in one of so many samples.
Range padded_range(const PaddedAxis& axis, std::size_t length, std::size_t samples, std::size_t sample) {
  const std::size_t end = length - std::min(axis.exempt, length);
  if (axis.lens.size() != samples) return {end, end};
  const std::size_t len = axis.lens[sample], begin = len - std::min(axis.first, len);
  return {std::min(begin, end), end};
}

// Fills what is padding along an axis of `length` positions, of `width` numbers each, wherever that axis begins anew.
bool fill(Tensor<double>& tensor, const PaddedAxis& axis, std::size_t length, std::size_t width, const Tensor<double>* filler) {
  if (axis.lens.empty() || tensor.size() == 0) return false;
  if (filler && shape_of(*filler) != shape_of(tensor)) return false;
  const std::size_t size = length * width, blocks = tensor.size() / size, samples = tensor.shape(0);
  bool any = false;
  for (std::size_t block = 0; block < blocks; ++block) {
    const Range padded = padded_range(axis, length, samples, block * samples / blocks);
    if (padded.empty()) continue;
    any = true;
    const std::size_t from = block * size + padded.begin * width, count = (padded.end - padded.begin) * width;
    if (filler) std::copy_n(filler->data() + from, count, tensor.data() + from);
    else std::fill_n(tensor.data() + from, count, 0.0);
  }
  return any;
}

// Whether nothing of a forbidden key reaches what counts: its weight is zero, and no row takes all keys alike.
bool hides_keys(const AttentionOptions<double>& attention) {
  return std::isinf(attention.mask_fill) && attention.masked_rows.value_or(MaskedRows::zero) != MaskedRows::uniform;
}

// Rows of keys: before the module appends its own, with these, or with those of the cache, too.
PaddedAxis keys_of(const Problem<double>& attention, const std::string& axis, Step step) {
  const AttentionOptions<double>& options = attention.options.attention;
  if (!hides_keys(options)) return {};
  const bool before_appended = step == S::k_proj || step == S::v_proj;
  return {options.mask.valid_lens, axis == "Ln" ? attention.sizes.past_len : 0, before_appended ? 0 : options.mask.exempt_keys};
}

PaddedAxis queries_of(const Problem<double>& self) {
  const Sizes& s = self.sizes;
  const std::size_t queries = s.queries_before + s.query_len + s.queries_after, exempt = self.options.attention.mask.exempt_keys;
  if (!self.attends_to_itself() || queries + s.past_len + exempt != s.key_len) return {};
  return {self.options.attention.mask.valid_lens, s.past_len + s.queries_before, 0};
}

// "Lq", "Ln" or "Lk", whose rows a step has; empty where it has those of no sequence.
std::string rows_of(Step step) {
  const std::vector<std::string> axes = split_axes(step_info(step).axes);
  const std::string rows = axes.size() < 3 ? "" : axes[axes.size() - 2];
  return rows == "Lq" || rows == "Ln" || rows == "Lk" ? rows : "";
}

bool is_score_before_mask(Step step) { return step == S::scores_raw || step == S::scores_scaled || step == S::scores_capped; }

struct PaddedAxes {
  PaddedAxis rows, columns;
};

PaddedAxes padded_axes(const Problem<double>& problem, Step step) {
  const std::optional<LayerPlace> place = place_of(step);
  const Problem<double>& self = problem.layer ? problem.layer->blocks.at(Block::self) : problem;
  const Problem<double>& own = place ? problem.layer->blocks.at(place->block) : self;
  const std::string rows = rows_of(step);
  const Step base = base_of(step);
  if (rows.empty()) return {};
  return {rows == "Lq" ? queries_of(self) : keys_of(own, rows, base), is_score_before_mask(base) ? keys_of(own, "Lk", base) : PaddedAxis{}};
}

}  // namespace

bool fill_padded_rows(Tensor<double>& tensor, const PaddedAxis& rows, const Tensor<double>* filler) {
  if (tensor.dimension() < 3) return false;
  return fill(tensor, rows, tensor.shape(tensor.dimension() - 2), tensor.shape().back(), filler);
}

bool fill_padded_columns(Tensor<double>& tensor, const PaddedAxis& columns, const Tensor<double>* filler) {
  return tensor.dimension() >= 3 && fill(tensor, columns, tensor.shape().back(), 1, filler);
}

bool has_padding(const Problem<double>& problem, Step step) {
  const PaddedAxes axes = padded_axes(problem, step);
  return !axes.rows.lens.empty() || !axes.columns.lens.empty();
}

bool padding_may_be_read(Step step) { return rows_of(step) != "Lq" || is_score_before_mask(base_of(step)); }

std::optional<Tensor<double>> with_padding_of(const Problem<double>& problem, Step step, Tensor<double> tensor, const Tensor<double>* filler) {
  const PaddedAxes axes = padded_axes(problem, step);
  const bool rows = fill_padded_rows(tensor, axes.rows, filler);
  if (!fill_padded_columns(tensor, axes.columns, filler) && !rows) return std::nullopt;
  return tensor;
}

std::optional<Comparison> compare_what_counts(const Problem<double>& problem, Step step, const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance) {
  const PaddedAxes axes = padded_axes(problem, step);
  if (ours.dimension() < 3 || ours.size() == 0 || shape_of(ours) != theirs.shape()) return std::nullopt;
  const std::size_t length = ours.shape(ours.dimension() - 2), width = ours.shape().back();
  const std::size_t blocks = ours.size() / (length * width), samples = ours.shape(0);
  Comparison found;
  const auto add = [&](std::size_t from, std::size_t to) {
    if (from == to) return;
    Comparison cells;
    const char* const numbers = static_cast<const char*>(theirs.data()) + from * bytes_per_element(theirs.precision());
    cells.add(ours.data() + from, TensorView(theirs.precision(), {to - from}, numbers), tolerance);
    found.merge(cells, [from](std::size_t at) { return from + at; });
  };
  bool any = false;
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t sample = block * samples / blocks, first = block * length * width;
    const Range rows = padded_range(axes.rows, length, samples, sample), columns = padded_range(axes.columns, width, samples, sample);
    any = any || !rows.empty() || !columns.empty();
    for (const auto& [begin, end] : {Range{0, rows.begin}, Range{rows.end, length}}) {
      if (columns.empty()) {
        add(first + begin * width, first + end * width);
        continue;
      }
      for (std::size_t row = begin; row < end; ++row) {
        add(first + row * width, first + row * width + columns.begin);
        add(first + row * width + columns.end, first + (row + 1) * width);
      }
    }
  }
  return any ? std::optional(found) : std::nullopt;
}

}  // namespace attn
