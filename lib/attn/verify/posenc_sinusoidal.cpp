#include <attn/error.hpp>
#include <attn/ops/position.hpp>
#include <attn/ops/position_precision.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <algorithm>
#include <cmath>

namespace attn::verify {
namespace {

constexpr std::uint64_t farthest_offset = 4096;

enum class Rule { published, width_minus_2, doubled, own_cosine };
enum class Angle { exact, float16, bfloat16, float16_product, bfloat16_product };

// One hypothesis: how every element of the table would have been computed.
struct Variant {
  PairOrder order = PairOrder::interleaved;
  bool cosine_first = false;
  Rule rule = Rule::published;
  std::size_t width = 0;  // that exponents are divided by; of odd tables not always d
  bool zero_last = false;
  double base = 10000;
  std::uint64_t offset = 0;
  double scale = 1;
  Angle angle = Angle::exact;
  float (*rounded_result)(double) = nullptr;  // the type in which the table was stored
};

struct Table {
  const Tensor<double>& values;
  std::size_t len, width;
  double at(std::size_t i, std::size_t c) const { return values.data()[i * width + c]; }
};

struct Place {
  std::size_t pair;
  bool second;  // of the pair, whatever function it has
};

Place place_of(std::size_t column, std::size_t width, PairOrder order) {
  if (order == PairOrder::interleaved) return {column / 2, column % 2 == 1};
  const std::size_t first = (width + 1) / 2;
  return column < first ? Place{column, false} : Place{column - first, true};
}

Frequency frequency_of(std::size_t pair, bool cosine, const Variant& v) {
  const std::size_t pairs = v.width / 2;
  switch (v.rule) {
    case Rule::published: return {v.base, 2 * pair, v.width};
    case Rule::width_minus_2: return {v.base, 2 * pair, pairs > 1 ? 2 * pairs - 2 : 1};
    case Rule::doubled: return {v.base, 4 * pair, v.width};
    case Rule::own_cosine: return {v.base, 2 * pair + (cosine ? 1 : 0), v.width};
  }
  return {v.base, 0, 1};
}

double rounded_angle(double omega, double position, Angle angle) {
  switch (angle) {
    case Angle::float16: return rounded_to_float16(rounded_to_float16(position) * static_cast<double>(rounded_to_float16(omega)));
    case Angle::bfloat16: return rounded_to_bfloat16(rounded_to_bfloat16(position) * static_cast<double>(rounded_to_bfloat16(omega)));
    case Angle::float16_product: return rounded_to_float16(position * omega);
    default: return rounded_to_bfloat16(position * omega);
  }
}

double value_of(const Frequency& frequency, bool cosine, std::uint64_t position, const Variant& v) {
  if (v.angle != Angle::exact) {
    const double angle = rounded_angle(frequency.radians(), static_cast<double>(position), v.angle);
    return v.scale * (cosine ? std::cos(angle) : std::sin(angle));
  }
  const SinCos<double> both = frequency.at<double>(static_cast<std::int64_t>(position));
  return v.scale * (cosine ? both.cos : both.sin);
}

// The largest difference, or infinity as soon as one is beyond what the class allows.
double residual_of(const Table& table, const Variant& v, const RoundingClass& allowed) {
  double largest = 0;
  for (std::size_t c = 0; c < table.width; ++c) {
    const Place place = place_of(c, table.width, v.order);
    const bool cosine = place.second != v.cosine_first;
    const Frequency frequency = frequency_of(place.pair, cosine, v);
    for (std::size_t i = 0; i < table.len; ++i) {
      double want = v.zero_last && c + 1 == table.width ? 0 : value_of(frequency, cosine, v.offset + i, v);
      if (v.rounded_result) want = v.rounded_result(want);
      const double difference = std::abs(table.at(i, c) - want);
      const double limit = std::abs(v.scale) * (allowed.unit + allowed.per_step * static_cast<double>(v.offset + i) * frequency.radians());
      if (!(difference <= limit)) return INFINITY;
      largest = std::max(largest, difference);
    }
  }
  return largest;
}

std::string number(double value) {
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::vector<Deviation> deviations_of(const Variant& v, std::size_t width) {
  std::vector<Deviation> found;
  if (width % 2 == 1) {
    found.push_back({"E1", "odd width " + std::to_string(width) + (v.zero_last ? ": the last column is zero" : ": the last column is a sine without its cosine, exponents divided by " + std::to_string(v.width))});
  }
  if (v.order == PairOrder::concatenated) found.push_back({"E2", "all sines first, then all cosines (concatenated)"});
  if (v.rule == Rule::width_minus_2) found.push_back({"E3", "exponents divided by d - 2 instead of d"});
  if (v.rule == Rule::doubled) found.push_back({"E4", "exponents doubled twice: 2·(2j)/d"});
  if (v.rule == Rule::own_cosine) found.push_back({"E5", "cosines have an exponent of their own, (2j + 1)/d"});
  if (v.base != 10000) found.push_back({"E6", "base " + number(v.base) + " instead of 10000"});
  if (v.offset == 1) found.push_back({"E7", "positions count from 1"});
  if (v.offset > 1) found.push_back({"", "positions count from " + std::to_string(v.offset)});
  if (v.scale != 1) found.push_back({"E10", "multiplied by " + number(v.scale) + " (√d is " + number(std::sqrt(static_cast<double>(width))) + ")"});
  if (v.angle == Angle::float16 || v.angle == Angle::float16_product) found.push_back({"E11", "the angle was computed in float16"});
  if (v.angle == Angle::bfloat16 || v.angle == Angle::bfloat16_product) found.push_back({"E11", "the angle was computed in bfloat16"});
  if (v.cosine_first) found.push_back({"E12", "cosine first, sine second"});
  return found;
}

// √(sin² + cos²) of the pairs, which every variant but E5 keeps constant; 0 if it varies.
double amplitude_of(const Table& table, PairOrder order) {
  double least = INFINITY, most = 0;
  for (std::size_t c = 0; c < table.width; ++c) {
    const Place place = place_of(c, table.width, order);
    if (place.second) continue;
    for (std::size_t other = 0; other < table.width; ++other) {
      const Place partner = place_of(other, table.width, order);
      if (partner.pair != place.pair || !partner.second) continue;
      for (std::size_t i = 0; i < table.len; ++i) {
        const double amplitude = std::hypot(table.at(i, c), table.at(i, other));
        least = std::min(least, amplitude);
        most = std::max(most, amplitude);
      }
    }
  }
  return most - least < 0.02 * most ? (least + most) / 2 : 0;
}

std::vector<double> scales_of(const Table& table, PairOrder order) {
  const double root = std::sqrt(static_cast<double>(table.width));
  std::vector<double> scales = {1};
  const double amplitude = amplitude_of(table, order);
  if (std::abs(amplitude - 1) < 0.02 || amplitude == 0) return scales;
  for (const double known : {root, 1 / root, root * root}) {
    if (std::abs(amplitude / known - 1) < 0.02) return {known};
  }
  return {amplitude};
}

// The base that the second pair's step from row 0 to row 1 shows, in its shortest spellings.
std::vector<double> bases_of(const Table& table, const Variant& v) {
  std::vector<double> bases = {10000};
  if (table.len < 2 || table.width < 4 || v.rule == Rule::own_cosine) return bases;
  const std::size_t sine = v.order == PairOrder::interleaved ? 2 : 1;
  const std::size_t cosine = v.order == PairOrder::interleaved ? 3 : (table.width + 1) / 2 + 1;
  const auto angle = [&](std::size_t row) {
    return v.cosine_first ? std::atan2(table.at(row, cosine), table.at(row, sine)) : std::atan2(table.at(row, sine), table.at(row, cosine));
  };
  double omega = angle(1) - angle(0);
  if (omega < 0) omega += 2 * M_PI;
  const double pairs = std::floor(static_cast<double>(v.width) / 2);
  const double exponent = v.rule == Rule::width_minus_2 ? (pairs > 1 ? 1 / (pairs - 1) : 1) : (v.rule == Rule::doubled ? 4.0 : 2.0) / static_cast<double>(v.width);
  const double base = std::exp(-std::log(omega) / exponent);
  if (!(base > 1.001) || base > 1e12) return bases;
  for (int digits = 1; digits <= 6; ++digits) {
    const double unit = std::pow(10.0, std::floor(std::log10(base)) - digits + 1);
    const double rounded = std::round(base / unit) * unit;
    if (rounded >= 1 && std::abs(rounded / base - 1) < 0.03 && rounded != bases.back()) bases.push_back(rounded);
  }
  return bases;
}

// Positions whose row 0 fits: 0 and 1 always get their chance, others only where the first row says so.
std::vector<std::uint64_t> offsets_of(const Table& table, Variant v, const RoundingClass& allowed) {
  std::vector<std::uint64_t> offsets;
  const Table first_row{table.values, 1, table.width};
  for (std::uint64_t offset = 0; offset <= farthest_offset && offsets.size() < 3; ++offset) {
    v.offset = offset;
    if (residual_of(first_row, v, allowed) < INFINITY) offsets.push_back(offset);
  }
  return offsets;
}

// Every layout, order, rule and width; numbers (base, offset, scale) are fitted for each.
std::vector<Variant> shapes_of(const Table& table) {
  std::vector<Variant> shapes;
  std::vector<std::size_t> widths = {table.width};
  if (table.width % 2 == 1) widths = {table.width, table.width + 1, table.width - 1};
  for (const PairOrder order : {PairOrder::interleaved, PairOrder::concatenated}) {
    for (const bool cosine_first : {false, true}) {
      for (const Rule rule : {Rule::published, Rule::width_minus_2, Rule::doubled, Rule::own_cosine}) {
        for (const std::size_t width : widths) {
          for (const bool zero_last : {false, true}) {
            if (width == 0 || (zero_last && table.width % 2 == 0)) continue;
            Variant v;
            v.order = order;
            v.cosine_first = cosine_first;
            v.rule = rule;
            v.width = width;
            v.zero_last = zero_last;
            shapes.push_back(v);
          }
        }
      }
    }
  }
  return shapes;
}

void try_numbers(const Table& table, Variant v, const RoundingClass& allowed, std::vector<Explanation>& fitting) {
  for (const double scale : scales_of(table, v.order)) {
    v.scale = scale;
    for (const double base : bases_of(table, v)) {
      v.base = base;
      bool found = false;
      for (const std::uint64_t offset : offsets_of(table, v, allowed)) {
        v.offset = offset;
        const double residual = residual_of(table, v, allowed);
        if (residual == INFINITY) continue;
        fitting.push_back({deviations_of(v, table.width), residual});
        found = true;
      }
      if (found) break;  // a shorter spelling of the base is enough
    }
  }
}

struct HalfPrecision {
  std::vector<Explanation> fitting;
  std::string rounding;
};

HalfPrecision half_precision_fits(const Table& table) {
  struct Stored {
    const char* name;
    float (*round)(double);
  };
  const RoundingClass& exact = rounding_classes()[1];
  for (const Stored& stored : {Stored{"float16", rounded_to_float16}, Stored{"bfloat16", rounded_to_bfloat16}, Stored{"float32", nullptr}}) {
    HalfPrecision half{{}, stored.name};
    for (const Angle angle : {Angle::exact, Angle::float16, Angle::float16_product, Angle::bfloat16, Angle::bfloat16_product}) {
      for (Variant shape : shapes_of(table)) {
        shape.angle = angle;
        shape.rounded_result = stored.round;
        const double residual = residual_of(table, shape, exact);
        if (residual < INFINITY) half.fitting.push_back({deviations_of(shape, table.width), residual});
      }
    }
    if (!half.fitting.empty()) return half;
  }
  return {};
}

Identification identify_matrix(const Table& table) {
  for (const RoundingClass& allowed : rounding_classes()) {
    std::vector<Explanation> fitting;
    for (const Variant& shape : shapes_of(table)) try_numbers(table, shape, allowed, fitting);
    if (!fitting.empty()) return simplest(std::move(fitting), allowed.name);
    if (allowed.name != "float32") continue;
    // Before a coarser type is allowed: half precision, reproduced bit by bit. Only so can a rounded angle
    // be told from a rounded result.
    const HalfPrecision half = half_precision_fits(table);
    if (!half.fitting.empty()) return simplest(half.fitting, half.rounding);
  }
  return {};
}

bool rows_are_equal(const Table& table) {
  for (std::size_t i = 1; i < table.len; ++i) {
    for (std::size_t c = 0; c < table.width; ++c) {
      if (table.at(i, c) != table.at(0, c)) return false;
    }
  }
  return table.len > 1;
}

// All rows are one row r of ours: which position that is, if any.
std::optional<std::uint64_t> position_of_row(const Table& row) {
  Variant v;
  v.width = row.width;
  for (const RoundingClass& allowed : rounding_classes()) {
    const std::vector<std::uint64_t> offsets = offsets_of(row, v, allowed);
    if (!offsets.empty()) return offsets.front();
  }
  return std::nullopt;
}

Identification identify_constant(const Table& table) {
  const std::optional<std::uint64_t> position = position_of_row({table.values, 1, table.width});
  Identification result;
  if (!position) return result;
  const std::string row = std::to_string(*position);
  result.explanations.push_back({{{"E9", "every position has row " + row + ": one index instead of a slice, pe[" + row + "] for pe[:L]"}}, 0});
  if (*position == 0) result.explanations.push_back({{{"E8", "rows chosen by the batch axis (pe[:x.size(0)]), with a batch of 1"}}, 0});
  result.rounding = "float64";
  return result;
}

}  // namespace

Identification identify_sinusoidal(const Tensor<double>& values) {
  const Shape shape = shape_of(values);
  if ((shape.size() != 2 && shape.size() != 3) || values.size() == 0) {
    throw ShapeError("table", "expected (L, d) or (B, L, d) with elements, found shape " + to_string(shape));
  }
  const std::size_t width = shape.back(), len = shape[shape.size() - 2], batch = shape.size() == 3 ? shape[0] : 1;
  if (batch > 1) {
    bool by_sample = true;
    for (std::size_t b = 0; b < batch && by_sample; ++b) {
      Tensor<double> sample = empty<double>({len, width});
      std::copy_n(values.data() + b * len * width, len * width, sample.data());
      const Table table{sample, len, width};
      by_sample = rows_are_equal(table) && position_of_row({sample, 1, width}) == b;
    }
    if (by_sample) {
      Identification result;
      result.explanations.push_back({{{"E8", "rows chosen by the batch axis: every position of sample b has row b (pe[:x.size(0)])"}}, 0});
      result.rounding = "float64";
      return result;
    }
    for (std::size_t i = len * width; i < values.size(); ++i) {
      if (values.data()[i] != values.data()[i % (len * width)]) return {};  // samples differ otherwise: no table
    }
  }
  const Table table{values, len, width};
  return rows_are_equal(table) ? identify_constant(table) : identify_matrix(table);
}

}  // namespace attn::verify
