#include <attn/inlined.hpp>
#include <attn/ops/wide_vectors.hpp>
#include <attn/verify/compare.hpp>
#include <attn/verify/four_cells.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace attn {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Cells are taken in blocks that stay in the nearest cache: most blocks hold nothing remarkable, which a few
// sums and maxima show, and only the others are gone through cell by cell.
constexpr std::size_t block_size = 1024;

// NaN with NaN, +inf with +inf, −inf with −inf, finite with finite.
bool same_kind(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return true;
}

// How far a cell exceeds its tolerance; not above 0 when it passes.
double excess_of(double a, double b, const Tolerance& tolerance) {
  if (!same_kind(a, b)) return infinity;
  if (std::isnan(a)) return tolerance.equal_nan ? 0 : infinity;
  if (std::isinf(a)) return 0;
  return std::abs(a - b) - (tolerance.atol + tolerance.rtol * std::abs(a));
}

}  // namespace

// A block in float64, with zeros in place of the cells that are not finite.
struct CellBlock {
  alignas(FourCells) double ours[block_size];
  alignas(FourCells) double theirs[block_size];
  std::size_t count = 0;
  std::size_t finite = 0;
  bool kinds_differ = false;  // or a NaN stands on both sides
};

// Of a block, for four cells at once. An excess or `beyond_…` is positive where a cell differs by more than that.
struct CellSums {
  FourCells product = {}, our_square = {}, their_square = {}, square = {};
  FourCells difference = {}, excess = {}, beyond_rtol = {}, beyond_largest = {}, beyond_permille = {};
};

namespace {

using CellFlags = std::int64_t __attribute__((vector_size(cells_at_once * sizeof(std::int64_t))));  // true is −1

std::size_t sum_of(const CellFlags& flags) {
  std::int64_t sum = 0;
  for (std::size_t cell = 0; cell < cells_at_once; ++cell) sum += flags[cell];
  return static_cast<std::size_t>(sum);
}

// How many cells are filled up with zeros after so many.
constexpr std::size_t filled_up(std::size_t count) { return (cells_at_once - count % cells_at_once) % cells_at_once; }

template <class T>
ATTNSCOPE_INLINED void load_cells(CellBlock& block, const double* ours, const UnalignedNumber<T>* theirs) {
  CellFlags numbers = {}, odd = {};
  for_four_cells(ours, theirs, block.count, [&](std::size_t i, const FourCells& a, const FourCells& b) {
    const CellFlags number_on_both = (a - a == 0) & (b - b == 0);
    const FourCells our = number_on_both ? a : FourCells{}, their = number_on_both ? b : FourCells{};
    std::memcpy(block.ours + i, &our, sizeof our);
    std::memcpy(block.theirs + i, &their, sizeof their);
    numbers -= number_on_both;
    odd -= ~number_on_both & (a != b);
  });
  block.finite = sum_of(numbers) - filled_up(block.count);
  block.kinds_differ = sum_of(odd) > 0;
}

ATTNSCOPE_WIDE_VECTORS void load(CellBlock& block, const double* ours, const UnalignedNumber<double>* theirs) { load_cells(block, ours, theirs); }
ATTNSCOPE_WIDE_VECTORS void load(CellBlock& block, const double* ours, const UnalignedNumber<float>* theirs) { load_cells(block, ours, theirs); }

ATTNSCOPE_WIDE_VECTORS void sum_up(const CellBlock& block, CellSums& sums, double rtol, double atol, double max_rel) {
  CellSums s;  // in registers, not where another pointer might lead
  for (std::size_t i = 0; i < block.count; i += cells_at_once) {
    const FourCells a = cells_at(block.ours + i), b = cells_at(block.theirs + i);
    const FourCells size = magnitude(a), distance = magnitude(a - b);
    s.product += a * b;
    s.our_square += a * a;
    s.their_square += b * b;
    s.square += distance * distance;
    raise(s.difference, distance);
    raise(s.excess, distance - (atol + rtol * size));
    raise(s.beyond_rtol, distance - rtol * size);
    raise(s.beyond_largest, distance - max_rel * size);
    raise(s.beyond_permille, distance - 0.001 * size);
  }
  sums = s;
}

// What a block of which some cells are remarkable adds to the counts.
struct CellCounts {
  std::size_t within_1_permille = 0, within_5_permille = 0, mismatched = 0;
};

ATTNSCOPE_WIDE_VECTORS void count_up(const CellBlock& block, CellCounts& counts, double rtol, double atol) {
  CellFlags within_1 = {}, within_5 = {}, mismatched = {};
  for (std::size_t i = 0; i < block.count; i += cells_at_once) {
    const FourCells a = cells_at(block.ours + i), size = magnitude(a), distance = magnitude(a - cells_at(block.theirs + i));
    within_1 -= distance <= 0.001 * size;
    within_5 -= distance <= 0.005 * size;
    mismatched -= distance - (atol + rtol * size) > 0;
  }
  // Zeros are within any share of themselves.
  counts = {sum_of(within_1) - filled_up(block.count), sum_of(within_5) - filled_up(block.count), sum_of(mismatched)};
}

template <class T>
ATTNSCOPE_INLINED bool all_pass(const double* ours, const UnalignedNumber<T>* theirs, std::size_t count, double rtol, double atol) {
  CellFlags failing = {};
  for_four_cells(ours, theirs, count, [&](std::size_t, const FourCells& a, const FourCells& b) {
    failing -= ~((a == b) | ((a - a == 0) & (b - b == 0) & (magnitude(a - b) <= atol + rtol * magnitude(a))));
  });
  return sum_of(failing) == 0;
}

// False where two NaN stand, too: then it depends.
ATTNSCOPE_WIDE_VECTORS bool numbers_pass(const double* ours, const UnalignedNumber<double>* theirs, std::size_t count, double rtol, double atol) {
  return all_pass(ours, theirs, count, rtol, atol);
}
ATTNSCOPE_WIDE_VECTORS bool numbers_pass(const double* ours, const UnalignedNumber<float>* theirs, std::size_t count, double rtol, double atol) {
  return all_pass(ours, theirs, count, rtol, atol);
}

}  // namespace

void Comparison::add(const double* ours, const TensorView& theirs, const Tolerance& tolerance) {
  theirs.with_numbers([&](const auto* numbers) { run(ours, numbers, theirs.size(), tolerance); });
}

template <class T>
void Comparison::run(const double* ours, const T* theirs, std::size_t count, const Tolerance& tolerance) {
  CellBlock block;
  CellSums sums;
  std::size_t exceeding = count, largest = count;  // the blocks with the cells to report
  for (std::size_t begin = 0; begin < count; begin += block_size) {
    const double exceeding_before = exceeding_.by, largest_before = largest_.by;
    block.count = std::min(block_size, count - begin);
    load(block, ours + begin, theirs + begin);
    sum_up(block, sums, tolerance.rtol, tolerance.atol, found_.max_rel);
    add(block, sums, tolerance);
    if (block.kinds_differ) add_kinds(ours + begin, theirs + begin, block.count, tolerance);
    if (exceeding_.by > exceeding_before) exceeding = begin;
    if (largest_.by > largest_before) largest = begin;
  }
  const auto find = [&](Worst& worst, std::size_t begin, auto&& badness) {
    if (begin == count) return;
    std::size_t at = begin;  // where no cell is worse than another, as of infinities alone
    double by = -infinity;
    for (std::size_t i = begin; i < std::min(begin + block_size, count); ++i) {
      const double value = badness(ours[i], static_cast<double>(theirs[i]));
      if (!(value > by)) continue;
      by = value;
      at = i;
    }
    worst = {worst.by, found_.total + at, ours[at], static_cast<double>(theirs[at])};
  };
  find(exceeding_, exceeding, [&](double a, double b) { return excess_of(a, b, tolerance); });
  find(largest_, largest, [](double a, double b) { return std::abs(a - b); });
  found_.total += count;
}

void Comparison::add(const CellBlock& block, const CellSums& sums, const Tolerance& tolerance) {
  product_ += total(sums.product);
  our_square_ += total(sums.our_square);
  their_square_ += total(sums.their_square);
  square_ += total(sums.square);
  finite_ += block.finite;
  largest_.by = std::max(largest_.by, largest(sums.difference));
  found_.max_abs = std::max(found_.max_abs, largest(sums.difference));
  found_.passing_atol = std::max(found_.passing_atol, largest(sums.beyond_rtol));
  if (largest(sums.beyond_largest) > 0 || largest(sums.beyond_permille) > 0 || largest(sums.excess) > 0) {
    count_cells(block, sums, tolerance);
  } else {
    permille_1_ += block.finite;
    permille_5_ += block.finite;
  }
}

// What the sums and maxima of a block leave open.
void Comparison::count_cells(const CellBlock& block, const CellSums& sums, const Tolerance& tolerance) {
  CellCounts counts;
  count_up(block, counts, tolerance.rtol, tolerance.atol);
  // The zeros that stand for infinities are within any share of themselves.
  const std::size_t infinite = block.count - block.finite;
  permille_1_ += counts.within_1_permille - infinite;
  permille_5_ += counts.within_5_permille - infinite;
  found_.mismatched += counts.mismatched;
  exceeding_.by = std::max(exceeding_.by, largest(sums.excess));
  if (!(largest(sums.beyond_largest) > 0)) return;
  for (std::size_t i = 0; i < block.count; ++i) {
    const double size = std::abs(block.ours[i]), distance = std::abs(block.ours[i] - block.theirs[i]);
    if (distance > found_.max_rel * size && size != 0) found_.max_rel = std::max(found_.max_rel, distance / size);
  }
}

template <class T>
void Comparison::add_kinds(const double* ours, const T* theirs, std::size_t count, const Tolerance& tolerance) {
  for (std::size_t i = 0; i < count; ++i) {
    const double a = ours[i], b = static_cast<double>(theirs[i]);
    if (std::isfinite(a) && std::isfinite(b)) continue;
    found_.nonfinite += !same_kind(a, b);
    const double excess = excess_of(a, b, tolerance);
    found_.mismatched += excess > 0;
    exceeding_.by = std::max(exceeding_.by, excess);
  }
}

void Comparison::merge(const Comparison& part, const std::function<std::size_t(std::size_t)>& position) {
  const auto take = [&](Worst& worst, const Worst& other) {
    if (other.by > worst.by) worst = {other.by, position(other.at), other.ours, other.theirs};
  };
  take(exceeding_, part.exceeding_);
  take(largest_, part.largest_);
  found_.total += part.found_.total;
  found_.mismatched += part.found_.mismatched;
  found_.nonfinite += part.found_.nonfinite;
  found_.max_abs = std::max(found_.max_abs, part.found_.max_abs);
  found_.max_rel = std::max(found_.max_rel, part.found_.max_rel);
  found_.passing_atol = std::max(found_.passing_atol, part.found_.passing_atol);
  product_ += part.product_;
  our_square_ += part.our_square_;
  their_square_ += part.their_square_;
  square_ += part.square_;
  finite_ += part.finite_;
  permille_1_ += part.permille_1_;
  permille_5_ += part.permille_5_;
}

Difference Comparison::finish() const {
  Difference found = found_;
  // Of the cells that exceed their tolerance the one that does so most; if none does, the one that differs most.
  const Worst& worst = exceeding_.by > 0 ? exceeding_ : largest_;
  found.at = worst.at;
  found.ours = worst.ours;
  found.theirs = worst.theirs;
  if (finite_ > 0) {
    const double count = static_cast<double>(finite_);
    found.within_1_permille = static_cast<double>(permille_1_) / count;
    found.within_5_permille = static_cast<double>(permille_5_) / count;
    found.root_mean_square = std::sqrt(square_ / count);
    const double lengths = std::sqrt(our_square_) * std::sqrt(their_square_);
    found.cosine = lengths > 0 ? product_ / lengths : our_square_ == their_square_ ? 1 : 0;
  }
  if (found.nonfinite > 0) found.passing_atol = infinity;
  found.status = found.mismatched == 0 ? Status::match : found.nonfinite > 0 ? Status::nonfinite : Status::mismatch;
  return found;
}

const char* to_string(Status status) {
  switch (status) {
    case Status::match: return "match";
    case Status::mismatch: return "mismatch";
    case Status::missing: return "missing";
    case Status::shape: return "shape";
    case Status::nonfinite: return "nonfinite";
  }
  return "";
}

Difference compare(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance) {
  if (shape_of(ours) != theirs.shape()) {
    Difference found;
    found.status = Status::shape;
    return found;
  }
  Comparison comparison;
  comparison.add(ours.data(), theirs, tolerance);
  return comparison.finish();
}

bool agree(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance) {
  if (shape_of(ours) != theirs.shape()) return false;
  return theirs.with_numbers([&](const auto* numbers) {
    for (std::size_t begin = 0; begin < ours.size(); begin += block_size) {
      const std::size_t end = std::min(begin + block_size, ours.size());
      if (numbers_pass(ours.data() + begin, numbers + begin, end - begin, tolerance.rtol, tolerance.atol)) continue;
      for (std::size_t i = begin; i < end; ++i) {
        if (excess_of(ours.data()[i], static_cast<double>(numbers[i]), tolerance) > 0) return false;
      }
    }
    return true;
  });
}

Shape unravel(std::size_t flat, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    index[axis] = shape[axis] == 0 ? 0 : flat % shape[axis];
    flat = shape[axis] == 0 ? 0 : flat / shape[axis];
  }
  return index;
}

}  // namespace attn
