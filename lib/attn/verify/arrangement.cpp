#include <attn/verify/arrangement.hpp>
#include <attn/verify/rearrange.hpp>

#include <algorithm>

namespace attn {
namespace {

bool same_without_ones(const Shape& a, const Shape& b) {
  const auto without_ones = [](Shape shape) {
    shape.erase(std::remove(shape.begin(), shape.end(), std::size_t{1}), shape.end());
    return shape;
  };
  return without_ones(a) == without_ones(b);
}

// A mask of matrices, the same for all heads or samples as far as it has fewer than ours.
template <class T>
Tensor<T> repeated(const Tensor<T>& mask, const Shape& ours) {
  Tensor<T> result = empty<T>(ours);
  const Shape theirs = shape_of(mask);
  const std::size_t cells = ours[2] * ours[3], matrices = mask.size() / std::max<std::size_t>(cells, 1);
  const bool of_heads = theirs.size() == 3 && theirs[0] == ours[1], of_samples = !of_heads && theirs.size() > 2 && theirs[0] == ours[0];
  for (std::size_t matrix = 0; matrix < ours[0] * ours[1]; ++matrix) {
    const std::size_t from = matrices == 1 ? 0 : of_samples ? matrix / ours[1] : matrix % ours[1];
    std::copy_n(mask.data() + from * cells, cells, result.data() + matrix * cells);
  }
  return result;
}

}  // namespace

std::optional<Arrangement> arrangement(const Shape& theirs, const Shape& ours, AxisOrder order) {
  const Arrangement heads_first = {Change::swap_1_2, "(B, L, H, D) to (B, H, L, D)"};
  const bool length_first = theirs.size() == 4 && ours.size() == 4 && theirs == Shape{ours[0], ours[2], ours[1], ours[3]};
  if (order == AxisOrder::length_before_heads && length_first) return heads_first;
  if (theirs == ours) return Arrangement{Change::none, ""};
  if (length_first) return heads_first;
  if (ours.size() == 4 && theirs == Shape{ours[0] * ours[1], ours[2], ours[3]}) {
    return Arrangement{Change::reshape, "(B·H, L, D) to (B, H, L, D)"};
  }
  if (ours.size() == 3 && theirs == Shape{ours[1], ours[0], ours[2]}) {
    return Arrangement{Change::swap_0_1, "(L, B, E) to (B, L, E)"};
  }
  if (same_without_ones(theirs, ours)) return Arrangement{Change::reshape, "axes of size 1"};
  const bool is_stacked = theirs.size() == 2 && ours.size() > 2 && theirs[1] == ours.back() && element_count(theirs) == element_count(ours);
  if (is_stacked) return Arrangement{Change::reshape, "all rows below one another"};
  return std::nullopt;
}

std::optional<Arrangement> arrangement_of_mask(const Shape& theirs, const Shape& ours) {
  if (auto whole = arrangement(theirs, ours, AxisOrder::ours)) return whole;
  if (ours.size() != 4 || theirs.size() < 2) return std::nullopt;
  Shape with_ones = theirs;
  if (theirs.size() == 3 && theirs[0] == ours[0] && theirs[0] != ours[1]) with_ones = {theirs[0], 1, theirs[1], theirs[2]};
  while (with_ones.size() < 4) with_ones.insert(with_ones.begin(), 1);
  const bool is_matrix = with_ones.size() == 4 && with_ones[2] == ours[2] && with_ones[3] == ours[3];
  const auto fits = [&](std::size_t axis) { return with_ones[axis] == 1 || with_ones[axis] == ours[axis]; };
  if (!is_matrix || !fits(0) || !fits(1)) return std::nullopt;
  return Arrangement{Change::repeat, "the same for all samples or heads"};
}

StoredTensor arranged(StoredTensor theirs, const Shape& ours, Change change) {
  if (change == Change::none) return theirs;
  return std::move(theirs).map([&](auto tensor) {
    switch (change) {
      case Change::swap_1_2: return swap_axes(tensor, 1, 2);
      case Change::swap_0_1: return swap_axes(tensor, 0, 1);
      case Change::reshape: return reshaped(std::move(tensor), ours);
      case Change::repeat: return repeated(tensor, ours);
      case Change::none: break;
    }
    return tensor;
  });
}

// Marks take the same way.
std::vector<std::size_t> places_after(const Shape& theirs, const std::vector<std::size_t>& cells, const Shape& ours, Change change) {
  Tensor<double> marks = filled<double>(theirs, 0.0);
  for (const std::size_t i : cells) marks.data()[i] = 1;
  Tensor<double> copy;
  const StoredTensor moved = arranged(std::move(marks), ours, change);
  const Tensor<double>& moved_marks = moved.widened(copy);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < moved_marks.size(); ++i) {
    if (moved_marks.data()[i] == 1) places.push_back(i);
  }
  return places;
}

}  // namespace attn
