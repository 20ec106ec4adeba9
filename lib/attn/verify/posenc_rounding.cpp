#include <attn/ops/position_precision.hpp>
#include <attn/verify/posenc_rounding.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

namespace attn::posenc {

namespace {

// Asked for once a cell.
double half_unit(int decimals) {
  static const std::array<double, 16> halves = [] {
    std::array<double, 16> result{};
    for (int i = 0; i < 16; ++i) result[static_cast<std::size_t>(i)] = 0.5 * std::pow(10, -i);
    return result;
  }();
  return halves[static_cast<std::size_t>(decimals)];
}

}  // namespace

const std::vector<RoundingClass>& rounding_classes() {
  static const std::vector<RoundingClass> classes = {
      {"float64", 4e-15, 2e-15}, {"float32", 4e-7, 4e-7}, {"float16", 6e-4, 0}, {"bfloat16", 4.5e-3, 0}};
  return classes;
}

const HalfType& float16_type() {
  static const HalfType type = {"float16", rounded_to_float16, 11, -14};
  return type;
}

const HalfType& bfloat16_type() {
  static const HalfType type = {"bfloat16", rounded_to_bfloat16, 8, -126};
  return type;
}

double half_step(double x, const HalfType& type) {
  const int exponent = x == 0 || !std::isfinite(x) ? type.least_exponent : std::max(std::ilogb(x), type.least_exponent);
  return std::ldexp(1.0, exponent - type.digits);
}

bool are_all(const Tensor<double>& values, const HalfType& type) {
  return std::all_of(values.begin(), values.end(), [&type](double x) { return !(static_cast<double>(type.round(x)) != x) || std::isnan(x); });
}

std::string TypeTolerance::name() const {
  if (decimals) return std::to_string(*decimals) + " decimals";
  return stored ? stored->name : computed.name;
}

double TypeTolerance::storing(double x) const {
  if (decimals) return half_unit(*decimals);
  return stored ? half_step(x, *stored) : 0;
}

std::optional<int> decimals_of(const Tensor<double>& values) {
  // With one decimal nearly anything is explained; from seven on float32 allows more.
  constexpr int fewest = 2, most = 6;
  const auto are_multiples = [&values](double scale) {
    return std::all_of(values.begin(), values.end(), [scale](double x) {
      return std::isnan(x) || std::abs(x * scale - std::nearbyint(x * scale)) <= 1e-9 * std::max(1.0, std::abs(x * scale));
    });
  };
  if (are_multiples(1)) return std::nullopt;
  for (int decimals = fewest; decimals <= most; ++decimals) {
    if (are_multiples(std::pow(10, decimals))) return decimals;
  }
  return std::nullopt;
}

std::vector<TypeTolerance> tolerances_of(const Tensor<double>& values) {
  std::vector<TypeTolerance> tolerances = {{rounding_classes()[0]}, {rounding_classes()[1]}};
  if (const auto decimals = decimals_of(values)) {
    tolerances.push_back({rounding_classes()[1], nullptr, decimals});
  }
  for (const HalfType* type : {&float16_type(), &bfloat16_type()}) {
    if (are_all(values, *type)) tolerances.push_back({rounding_classes()[1], type});
  }
  return tolerances;
}

}  // namespace attn::posenc
