#include <attn/verify/moved.hpp>
#include <attn/verify/rearrange.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn {
namespace {

using Tensors = std::vector<MovedTensor>;
using Wrong = std::optional<Tensor<double>>;

bool equal(const Tensor<double>& a, const TensorView& b, const Tolerance& tolerance) {
  return shape_of(a) == b.shape() && compare(a, b, tolerance).status == Status::match;
}

/// The slices along an axis in another order: slice i of the result is slice source(i).
Tensor<double> reordered(const Tensor<double>& tensor, std::size_t axis, const std::function<std::size_t(std::size_t)>& source) {
  const Shape shape = shape_of(tensor);
  std::size_t before = 1, after = 1;
  for (std::size_t i = 0; i < axis; ++i) before *= shape[i];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) after *= shape[i];
  Tensor<double> result = empty<double>(shape);
  for (std::size_t b = 0; b < before; ++b) {
    for (std::size_t i = 0; i < shape[axis]; ++i) {
      const double* from = tensor.data() + (b * shape[axis] + source(i)) * after;
      std::copy(from, from + after, result.data() + (b * shape[axis] + i) * after);
    }
  }
  return result;
}

/// Rows that are packed [3, H, D], read as if they were packed in the order of `place`.
MovedMistake packing(const char* variant, std::size_t heads,
                     std::size_t (*place)(std::size_t part, std::size_t head, std::size_t d, std::size_t heads, std::size_t size)) {
  return {"P4", variant, [heads, place](const Tensors& ours, std::size_t index) -> Wrong {
            const auto axis = ours[index].packed_axis;
            if (!axis || heads == 0 || ours[index].tensor.shape(*axis) % (3 * heads) != 0) return std::nullopt;
            const std::size_t rows = ours[index].tensor.shape(*axis), size = rows / (3 * heads);
            std::vector<std::size_t> source(rows);
            for (std::size_t part = 0; part < 3; ++part) {
              for (std::size_t head = 0; head < heads; ++head) {
                for (std::size_t d = 0; d < size; ++d) source[place(part, head, d, heads, size)] = (part * heads + head) * size + d;
              }
            }
            return reordered(ours[index].tensor, *axis, [&source](std::size_t i) { return source[i]; });
          }};
}

Wrong transposed_matrix(const Tensors& ours, std::size_t index) {
  const Tensor<double>& tensor = ours[index].tensor;
  if (tensor.dimension() != 2) return std::nullopt;
  return reshaped(swap_axes(reshaped(tensor, {1, tensor.shape(0), tensor.shape(1)}), 1, 2), {tensor.shape(1), tensor.shape(0)});
}

Wrong exchanged_last_axes(const Tensors& ours, std::size_t index) {
  const Tensor<double>& mask = ours[index].tensor;
  const std::size_t rank = mask.dimension();
  if (rank < 2 || mask.shape(rank - 1) != mask.shape(rank - 2)) return std::nullopt;
  return rank == 2 ? transposed_matrix(ours, index) : Wrong(swap_axes(mask, rank - 2, rank - 1));
}

std::vector<BlindSpot> blind_spots(const Tensors& ours, const std::vector<MovedMistake>& mistakes) {
  std::vector<BlindSpot> spots;
  for (std::size_t first = 0; first < mistakes.size();) {
    BlindSpot spot{mistakes[first].id, false};
    bool visible = false;
    std::size_t next = first;
    for (; next < mistakes.size() && mistakes[next].id == spot.id; ++next) {
      for (std::size_t i = 0; i < ours.size(); ++i) {
        const Wrong wrong = mistakes[next].apply(ours, i);
        spot.applies = spot.applies || wrong.has_value();
        visible = visible || (wrong && !equal(ours[i].tensor, *wrong, {}));
      }
    }
    if (!visible) spots.push_back(spot);
    first = next;
  }
  return spots;
}

}  // namespace

MovedVerification verify_moved(const Tensors& ours, const std::vector<ForeignTensor>& theirs, const std::vector<MovedMistake>& mistakes,
                               const Tolerance& tolerance) {
  MovedVerification result;
  bool compared = false, all_match = true;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    MovedVerdict verdict{ours[i].name, {}, shape_of(ours[i].tensor), {}};
    const auto found = std::find_if(theirs.begin(), theirs.end(), [&](const ForeignTensor& t) { return t.name == ours[i].name; });
    if (found != theirs.end()) {
      compared = true;
      const TensorView tensor = found->tensor.view();
      verdict.theirs = tensor.shape();
      verdict.difference = compare(ours[i].tensor, tensor, tolerance);
      for (const MovedMistake& mistake : mistakes) {
        if (verdict.difference.status == Status::match) break;
        const Wrong wrong = mistake.apply(ours, i);
        if (wrong && equal(*wrong, tensor, tolerance)) result.diagnosis.push_back({mistake.id, mistake.variant, ours[i].name});
      }
    }
    const bool matches = verdict.difference.status == Status::match;
    if (!matches && !result.first_divergent) result.first_divergent = ours[i].name;
    all_match = all_match && matches;
    result.tensors.push_back(std::move(verdict));
  }
  for (const ForeignTensor& tensor : theirs) {
    if (std::none_of(ours.begin(), ours.end(), [&](const MovedTensor& t) { return t.name == tensor.name; })) result.unmatched.push_back(tensor.name);
  }
  if (!compared) {
    result.first_divergent.reset();
    return result;
  }
  result.verdict = all_match ? Verdict::match : Verdict::mismatch;
  if (all_match) result.blind_spots = blind_spots(ours, mistakes);
  return result;
}

std::vector<MovedMistake> weight_mistakes(std::size_t heads) {
  std::vector<MovedMistake> mistakes = {{"P1", "", transposed_matrix}};
  // As many as there are tensors that may be exchanged; the variant would be a name, which the report has.
  for (std::size_t step = 1; step <= 3; ++step) {
    mistakes.push_back({"P2", "", [step](const Tensors& ours, std::size_t index) -> Wrong {
                          std::size_t seen = 0;
                          for (std::size_t i = 0; i < ours.size(); ++i) {
                            if (i == index || shape_of(ours[i].tensor) != shape_of(ours[index].tensor) || ++seen != step) continue;
                            return ours[i].tensor;
                          }
                          return std::nullopt;
                        }});
  }
  mistakes.push_back(packing("[H, 3, D]", heads, [](std::size_t part, std::size_t head, std::size_t d, std::size_t, std::size_t size) {
    return (head * 3 + part) * size + d;
  }));
  mistakes.push_back(packing("[H, D, 3]", heads, [](std::size_t part, std::size_t head, std::size_t d, std::size_t, std::size_t size) {
    return (head * size + d) * 3 + part;
  }));
  return mistakes;
}

std::vector<MovedMistake> mask_mistakes(const MaskForm& form) {
  std::vector<MovedMistake> mistakes;
  mistakes.push_back({"M1", "", [form](const Tensors& ours, std::size_t index) -> Wrong {
                        Tensor<double> wrong = ours[index].tensor;
                        for (double& value : wrong.storage()) {
                          value = !form.additive ? 1 - value : value == 0 ? -std::numeric_limits<double>::infinity() : 0;
                        }
                        return wrong;
                      }});
  mistakes.push_back({"M12", "", [form](const Tensors& ours, std::size_t index) -> Wrong {
                        const Tensor<double>& mask = ours[index].tensor;
                        if (form.folded_heads == 0 || mask.shape(0) % form.folded_heads != 0) return std::nullopt;
                        const std::size_t heads = form.folded_heads, batch = mask.shape(0) / heads;
                        return reordered(mask, 0, [=](std::size_t i) { return (i % batch) * heads + i / batch; });
                      }});
  mistakes.push_back({"M16", "", exchanged_last_axes});
  mistakes.push_back({"S4", "", [form](const Tensors& ours, std::size_t index) -> Wrong {
                        const Tensor<double>& mask = ours[index].tensor;
                        if (!form.batched || mask.dimension() == 0 || mask.shape(0) < 2) return std::nullopt;
                        return reordered(mask, 0, [](std::size_t) { return std::size_t{0}; });
                      }});
  return mistakes;
}

}  // namespace attn
