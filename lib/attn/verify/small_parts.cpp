#include <attn/verify/compare.hpp>
#include <attn/verify/small_parts.hpp>

#include <exception>

namespace attn {
namespace {

// A product of fewer rows may be summed in another order.
constexpr Tolerance same_number = {1e-10, 1e-12, true};

// Every part of that kind of a small run; of queries the first, and all others.
std::vector<Slice> slices_like(const Slice& kind, const Problem<double>& small) {
  const std::size_t length = small.sizes.query_len, first = std::min<std::size_t>(length, 1);
  std::vector<Slice> slices;
  for (std::size_t sample = 0; sample < (kind.sample ? small.sizes.batch : 1); ++sample) {
    for (std::size_t head = 0; head < (kind.kv_head ? small.sizes.kv_heads : 1); ++head) {
      Slice slice{kind.sample ? std::optional(sample) : std::nullopt, kind.kv_head ? std::optional(head) : std::nullopt};
      if (!kind.queries) slices.push_back(slice);
      for (const QueryRange& queries : {QueryRange{0, first}, QueryRange{first, length - first}}) {
        slice.queries = queries;
        if (kind.queries && queries.count > 0) slices.push_back(slice);
      }
    }
  }
  return slices;
}

}  // namespace

SmallParts::SmallParts(const Problem<double>& small, const std::map<Step, Tensor<double>>& right, const Slice& kind)
    : small_(small), right_(right), are_joined_(kind.kv_head && small.has(Step::merged) && small.has(Step::output)) {
  for (const Slice& slice : slices_like(kind, small)) parts_.push_back(std::make_unique<const Part>(small, slice));
}

std::optional<bool> SmallParts::stays_within(MistakenRun& whole, const std::function<bool(Step)>& handed_in, Step last) const {
  whole.know_before_mistakes(right_);
  try {
    if (!are_parts_of(whole, handed_in, last)) return changes(whole, last) ? std::optional(false) : std::nullopt;
    if (are_joined_ && last == Step::output) {
      MistakenRun joined(small_, whole.mistakes());
      joined.know(Step::merged, whole.get(Step::merged));
      if (!agree(joined.shown(Step::output), whole.shown(Step::output), same_number)) return false;
    }
  } catch (const std::exception&) {
    return false;  // the mistakes do not fit the small run, or its parts
  }
  return whole.applied() ? std::optional(true) : std::nullopt;
}

bool SmallParts::changes(MistakenRun& whole, Step last) const {
  for (const Step step : small_.steps) {
    if (step <= last) whole.shown(step);
  }
  return whole.applied();
}

bool SmallParts::are_parts_of(MistakenRun& whole, const std::function<bool(Step)>& handed_in, Step last) const {
  const Step first = first_effect(whole.mistakes());
  for (const auto& part : parts_) {
    Tensor<double> expected;
    StoredTensor room;
    MistakenRun alone(part->problem(), whole.mistakes(), [&](Step step) { return handed_in(step) ? &expected : nullptr; });
    for (const Step step : part->problem().steps) {
      if (step > last) break;
      if (step < first) {
        alone.know(step, [&right = right_.at(step), &part = *part, step] {
          StoredTensor copy;
          return part.cut(step, StoredTensor(right), copy).in<double>();
        });
        continue;
      }
      expected = part->cut(step, StoredTensor(whole.shown(step)), room).in<double>();
      if (!agree(alone.shown(step), expected, same_number)) return false;
    }
  }
  return true;
}

}  // namespace attn
