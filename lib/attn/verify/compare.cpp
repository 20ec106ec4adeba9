#include <attn/verify/compare.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace attn {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Cells are taken in blocks that stay in the nearest cache: most blocks hold nothing remarkable, which a few
// sums and maxima show, and only the others are gone through cell by cell.
constexpr std::size_t block_size = 1024;
// Sums and maxima are kept in lanes that do not wait for each other.
constexpr std::size_t lanes = 4;

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

double largest(const double (&lane)[lanes]) { return *std::max_element(lane, lane + lanes); }
double total(const double (&lane)[lanes]) { return std::accumulate(lane, lane + lanes, 0.0); }

// A block in float64, with zeros in place of the cells that are not finite.
struct Block {
  double ours[block_size], theirs[block_size];
  std::size_t begin = 0, count = 0;
  std::size_t finite = 0;
  bool kinds_differ = false;  // or a NaN stands on both sides

  template <class T>
  void load(const double* a, const T* b, std::size_t from, std::size_t number) {
    begin = from;
    count = number;
    std::size_t both = 0, odd = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const double x = a[from + i], y = static_cast<double>(b[from + i]);
      const bool number_on_both = x - x == 0 && y - y == 0;
      ours[i] = number_on_both ? x : 0;
      theirs[i] = number_on_both ? y : 0;
      both += number_on_both;
      odd += !number_on_both && x != y;
    }
    // Whole lanes: what is filled up changes no sum and no maximum.
    for (std::size_t i = count; i % lanes != 0; ++i) ours[i] = theirs[i] = 0;
    finite = both;
    kinds_differ = odd > 0;
  }
};

class Comparison {
 public:
  Comparison(const double* ours, const Tolerance& tolerance) : ours_(ours), tolerance_(tolerance) {}

  template <class T>
  void run(const T* theirs, std::size_t count) {
    Block block;
    for (std::size_t begin = 0; begin < count; begin += block_size) {
      block.load(ours_, theirs, begin, std::min(block_size, count - begin));
      add(block);
      if (block.kinds_differ) add_kinds(block, theirs);
    }
    found_.total = count;
    if (count == 0) return;
    found_.at = worst_of(theirs, count);
    found_.ours = ours_[found_.at];
    found_.theirs = static_cast<double>(theirs[found_.at]);
  }

  Difference finish() const;

 private:
  void add(const Block& block);
  void count_cells(const Block& block);

  template <class T>
  void add_kinds(const Block& block, const T* theirs) {
    for (std::size_t i = block.begin; i < block.begin + block.count; ++i) {
      const double a = ours_[i], b = static_cast<double>(theirs[i]);
      if (std::isfinite(a) && std::isfinite(b)) continue;
      found_.nonfinite += !same_kind(a, b);
      const double excess = excess_of(a, b, tolerance_);
      found_.mismatched += excess > 0;
      note_excess(excess, block.begin);
    }
  }

  void note_excess(double excess, std::size_t block) {
    if (!(excess > worst_excess_)) return;
    worst_excess_ = excess;
    worst_block_ = block;
  }

  // Of the cells that exceed their tolerance the one that does so most; if none does, the one that
  // differs most.
  template <class T>
  std::size_t worst_of(const T* theirs, std::size_t count) const {
    const bool any = worst_excess_ > 0;
    const std::size_t begin = any ? worst_block_ : largest_block_, end = std::min(begin + block_size, count);
    std::size_t at = begin;
    double worst = -infinity;
    for (std::size_t i = begin; i < end; ++i) {
      const double b = static_cast<double>(theirs[i]);
      const double value = any ? excess_of(ours_[i], b, tolerance_) : std::abs(ours_[i] - b);
      if (value > worst) {
        worst = value;
        at = i;
      }
    }
    return at;
  }

  const double* ours_;
  const Tolerance& tolerance_;
  Difference found_;
  double product_ = 0, our_square_ = 0, their_square_ = 0, square_ = 0;
  double worst_excess_ = 0, largest_ = -1;
  std::size_t finite_ = 0, permille_1_ = 0, permille_5_ = 0;
  std::size_t worst_block_ = 0, largest_block_ = 0;
};

void Comparison::add(const Block& block) {
  double product[lanes] = {}, our_square[lanes] = {}, their_square[lanes] = {}, square[lanes] = {};
  double difference[lanes] = {}, beyond_rtol[lanes] = {}, excess[lanes] = {}, beyond_largest[lanes] = {}, beyond_permille[lanes] = {};
  const double rtol = tolerance_.rtol, atol = tolerance_.atol, max_rel = found_.max_rel;
  const auto raise = [](double& maximum, double value) { maximum = value > maximum ? value : maximum; };
  for (std::size_t i = 0; i < block.count; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double a = block.ours[i + lane], b = block.theirs[i + lane];
      const double size = std::abs(a), distance = std::abs(a - b);
      product[lane] += a * b;
      our_square[lane] += a * a;
      their_square[lane] += b * b;
      square[lane] += distance * distance;
      raise(difference[lane], distance);
      raise(beyond_rtol[lane], distance - rtol * size);
      raise(excess[lane], distance - (atol + rtol * size));
      raise(beyond_largest[lane], distance - max_rel * size);
      raise(beyond_permille[lane], distance - 0.001 * size);
    }
  }
  product_ += total(product);
  our_square_ += total(our_square);
  their_square_ += total(their_square);
  square_ += total(square);
  finite_ += block.finite;
  if (largest(difference) > largest_) {
    largest_ = largest(difference);
    largest_block_ = block.begin;
  }
  found_.max_abs = std::max(found_.max_abs, largest(difference));
  found_.passing_atol = std::max(found_.passing_atol, largest(beyond_rtol));
  if (largest(beyond_largest) > 0 || largest(beyond_permille) > 0 || largest(excess) > 0) {
    count_cells(block);
  } else {
    permille_1_ += block.finite;
    permille_5_ += block.finite;
  }
}

// Cell by cell: what the sums and maxima of a block leave open.
void Comparison::count_cells(const Block& block) {
  // The zeros that stand for infinities are within any share of themselves.
  permille_1_ -= block.count - block.finite;
  permille_5_ -= block.count - block.finite;
  for (std::size_t i = 0; i < block.count; ++i) {
    const double size = std::abs(block.ours[i]), distance = std::abs(block.ours[i] - block.theirs[i]);
    if (size != 0) found_.max_rel = std::max(found_.max_rel, distance / size);
    permille_1_ += distance <= 0.001 * size;
    permille_5_ += distance <= 0.005 * size;
    const double excess = distance - (tolerance_.atol + tolerance_.rtol * size);
    found_.mismatched += excess > 0;
    note_excess(excess, block.begin);
  }
}

Difference Comparison::finish() const {
  Difference found = found_;
  if (finite_ > 0) {
    const double count = static_cast<double>(finite_);
    found.within_1_permille = static_cast<double>(permille_1_) / count;
    found.within_5_permille = static_cast<double>(permille_5_) / count;
    found.root_mean_square = std::sqrt(square_ / count);
    const double lengths = std::sqrt(our_square_) * std::sqrt(their_square_);
    found.cosine = lengths > 0 ? product_ / lengths : 1;
  }
  if (found.nonfinite > 0) found.passing_atol = infinity;
  found.status = found.mismatched == 0 ? Status::match : found.nonfinite > 0 ? Status::nonfinite : Status::mismatch;
  return found;
}

}  // namespace

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
  Comparison comparison(ours.data(), tolerance);
  if (theirs.precision() == Precision::float64) {
    comparison.run(static_cast<const double*>(theirs.data()), theirs.size());
  } else {
    comparison.run(static_cast<const float*>(theirs.data()), theirs.size());
  }
  return comparison.finish();
}

bool agree(const Tensor<double>& ours, const TensorView& theirs, const Tolerance& tolerance) {
  if (shape_of(ours) != theirs.shape()) return false;
  const auto each_passes = [&](const auto* values) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (excess_of(ours.data()[i], static_cast<double>(values[i]), tolerance) > 0) return false;
    }
    return true;
  };
  return theirs.precision() == Precision::float64 ? each_passes(static_cast<const double*>(theirs.data()))
                                                  : each_passes(static_cast<const float*>(theirs.data()));
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
