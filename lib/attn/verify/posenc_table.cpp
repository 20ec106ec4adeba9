#include <attn/verify/posenc_table.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {

double RowTable::storing(std::size_t row, std::size_t c, double want, double scale, const TypeTolerance& tolerance) const {
  if (!tolerance.is_narrow()) return 0;
  // A factor stretches what was rounded by up to twice its own unit, and rounds once more.
  double moved = tolerance.storing(want) * (std::abs(scale) == 1 ? 1 : 3);
  if (!sum) return moved;
  const std::size_t place = row * step * width + c;
  moved += tolerance.storing(sum[place]);
  if (factor != 1 && factor != 0) moved += 3 * tolerance.storing(factor * x[place]);
  return moved;
}

double RowTable::computing(double angle, const TypeTolerance& tolerance) const {
  return tolerance.computed.unit * (1 + magnitude) + tolerance.computed.per_step * std::abs(angle);
}

bool may_agree(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& v, const TypeTolerance& tolerance, std::size_t rows) {
  const double start = std::min(std::abs(static_cast<double>(v.offset)), farthest_rounded_start);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t position = v.offset + static_cast<std::int64_t>(i);
    for (std::size_t c = 0; c < table.width; ++c) {
      const double want = ours.roughly_at(position, c);
      const double angle = (start + static_cast<double>(i)) * ours.rough_omega(c);
      const double computing = 1.001 * std::abs(v.scale) * table.computing(angle, tolerance) + ours.rough_error(position);
      const double difference = std::abs(table.at(i, c) - want);
      // A number that is only roughly known may have another unit in its last place: half or twice as large.
      if (!(difference <= computing + (tolerance.is_narrow() ? 2 * table.storing(i, c, want, v.scale, tolerance) : 0))) return false;
    }
  }
  return true;
}

double table_residual(const RowTable& table, const VariantRows& ours, const SinusoidalVariant& v, const TypeTolerance& tolerance, std::size_t rows) {
  double largest = 0;
  const double start = std::min(std::abs(static_cast<double>(v.offset)), farthest_rounded_start);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int64_t position = v.offset + static_cast<std::int64_t>(i);
    for (std::size_t c = 0; c < table.width; ++c) {
      const double want = ours.at(position, c);
      const double computing = std::abs(v.scale) * table.computing((start + static_cast<double>(i)) * ours.omega(c), tolerance);
      for (std::size_t b = 0; b < table.batch; ++b) {
        const std::size_t row = b * table.len + i;
        const double difference = std::abs(table.at(row, c) - want);
        largest = std::max(largest, difference);
        if (difference <= computing) continue;
        if (!(difference <= computing + table.storing(row, c, want, v.scale, tolerance))) return INFINITY;
      }
    }
  }
  return largest;
}

bool rows_are_equal(const RowTable& table, const TypeTolerance& tolerance) {
  for (std::size_t row = 0; row < table.batch * table.len; ++row) {
    const std::size_t first = row / table.len * table.len;
    for (std::size_t c = 0; c < table.width; ++c) {
      const double want = table.at(first, c);
      const double limit = 1e-6 * (1 + table.magnitude) + table.storing(row, c, want, 1, tolerance) + table.storing(first, c, want, 1, tolerance);
      if (!(std::abs(table.at(row, c) - want) <= limit)) return false;
    }
  }
  return table.len > 1;
}

}  // namespace attn::posenc
