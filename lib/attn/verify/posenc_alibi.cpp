#include <attn/error.hpp>
#include <attn/ops/alibi.hpp>
#include <attn/verify/posenc_identify.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

struct Slopes {
  std::vector<Deviation> deviations;
  std::vector<double> values;
};

bool is_power_of_two(std::size_t heads) { return (heads & (heads - 1)) == 0; }

std::vector<Slopes> slope_variants(std::size_t heads) {
  std::vector<double> shifted = {1};
  for (const double slope : alibi_slopes(heads)) shifted.push_back(slope);
  shifted.pop_back();
  std::vector<Slopes> variants = {{{}, alibi_slopes(heads)}, {{{"AL2", "shifted_slopes"}}, shifted}};
  if (is_power_of_two(heads)) return variants;
  variants.push_back({{{"AL1", "no_rule"}}, alibi_slopes_without_rule(heads)});
  std::size_t power = 1;
  while (power <= heads / 2) power *= 2;
  std::vector<double> consecutive = alibi_slopes_without_rule(power);
  for (const double slope : alibi_slopes_without_rule(2 * power)) consecutive.push_back(slope);
  consecutive.resize(heads);
  variants.push_back({{{"AL1", "consecutive_slopes"}}, consecutive});
  return variants;
}

using Bias = double (*)(double slope, double distance, double key);

struct BiasForm {
  std::vector<Deviation> deviations;
  Bias at;
};

const std::vector<BiasForm>& bias_forms() {
  static const std::vector<BiasForm> forms = {
      {{}, [](double m, double distance, double) { return -m * distance; }},
      {{{"AL3", "sign", "slope · (i − j)", "−slope · (i − j)"}}, [](double m, double distance, double) { return m * distance; }},
      {{{"AL3", "key_only", "slope · j", "−slope · (i − j)", Freedom::none, true}}, [](double m, double, double key) { return m * key; }},
      {{{"AL3", "sign", "slope · (i − j)", "−slope · (i − j)"}, {"", "symmetric"}}, [](double m, double distance, double) { return m * std::abs(distance); }},
      {{{"", "symmetric"}}, [](double m, double distance, double) { return -m * std::abs(distance); }},
  };
  return forms;
}

// Within the arithmetic, of a number and of the slope it came from, and what storing did to it and to its slope.
bool is_close(double have, double want, const TypeTolerance& tolerance) {
  return std::abs(have - want) <= tolerance.computed.unit * (1 + std::abs(want)) + 3 * tolerance.storing(want);
}

// A bias that forbids: minus infinity, or a number that stands for it.
bool is_forbidding(double bias) { return bias < -1e4; }

// The largest difference at keys that are not in the future, or at all of them; infinity where one is too
// large. Future keys may also be masked, or hold anything as long as the past fits.
double residual_of(const Tensor<double>& bias, const std::vector<double>& slopes, const BiasForm& form, double ratio, const TypeTolerance& tolerance) {
  double largest = 0;
  const std::size_t queries = bias.shape(1), keys = bias.shape(2);
  for (std::size_t h = 0; h < slopes.size(); ++h) {
    for (std::size_t i = 0; i < queries; ++i) {
      for (std::size_t j = 0; j < keys; ++j) {
        const double distance = static_cast<double>(i + keys - queries) - static_cast<double>(j), have = bias(h, i, j);
        if (distance < 0 && (is_forbidding(have) || have == 0)) continue;
        const double want = ratio * form.at(slopes[h], distance, static_cast<double>(j));
        if (!is_close(have, want, tolerance)) return INFINITY;
        largest = std::max(largest, std::abs(have - want));
      }
    }
  }
  return largest;
}

// How much larger head 0 is than it should be one step away from the diagonal; 1 if that cannot be said.
double ratio_of(const Tensor<double>& bias, double slope) {
  const std::size_t queries = bias.shape(1), keys = bias.shape(2);
  if (keys < 2 || slope == 0) return 1;
  const double step = std::abs(bias(0, queries - 1, keys - 1) - bias(0, queries - 1, keys - 2));
  return step > 0 && std::isfinite(step) ? step / slope : 1;
}

void try_bias(const Tensor<double>& bias, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  for (const Slopes& slopes : slope_variants(bias.shape(0))) {
    for (const BiasForm& form : bias_forms()) {
      std::vector<Deviation> both = slopes.deviations;
      both.insert(both.end(), form.deviations.begin(), form.deviations.end());
      const double residual = residual_of(bias, slopes.values, form, 1, tolerance);
      if (residual < INFINITY) fitting.push_back({both, residual});
      const double ratio = ratio_of(bias, slopes.values.front());
      if (std::abs(ratio - 1) < 1e-3) continue;
      const double scaled = residual_of(bias, slopes.values, form, ratio, tolerance);
      both.push_back({"AL3", "scaled_bias", short_number(ratio), "1", Freedom::number});
      if (scaled < INFINITY) fitting.push_back({both, scaled});
    }
  }
}

void try_slopes(const Tensor<double>& table, const TypeTolerance& tolerance, std::vector<Explanation>& fitting) {
  for (const Slopes& slopes : slope_variants(table.size())) {
    for (const double sign : {1.0, -1.0}) {
      double largest = 0;
      for (std::size_t h = 0; h < table.size(); ++h) {
        const double difference = std::abs(table.data()[h] - sign * slopes.values[h]);
        largest = std::max(largest, is_close(table.data()[h], sign * slopes.values[h], tolerance) ? difference : INFINITY);
      }
      std::vector<Deviation> deviations = slopes.deviations;
      if (sign < 0) deviations.push_back({"AL3", "negative_slopes", "slope · (i − j)", "−slope · (i − j)"});
      if (largest < INFINITY) fitting.push_back({deviations, largest});
    }
  }
}

// Whether the keys of the future, which were not compared, are all forbidden or all 0 in a bias that has some.
std::string future_of(const Tensor<double>& bias) {
  std::size_t forbidden = 0, zero = 0, others = 0;
  const std::size_t queries = bias.shape(1), keys = bias.shape(2);
  for (std::size_t h = 0; h < bias.shape(0); ++h) {
    for (std::size_t i = 0; i < queries; ++i) {
      for (std::size_t j = i + keys - queries + 1; j < keys; ++j) {
        const double have = bias(h, i, j);
        ++(is_forbidding(have) ? forbidden : have == 0 ? zero : others);
      }
    }
  }
  if (others > 0 || forbidden + zero == 0) return "";
  return zero == 0 ? "future_forbidden" : forbidden == 0 ? "future_zero" : "future_mixed";
}

// Leading axes of 1, of a batch, taken off a bias.
Tensor<double> without_leading_ones(const Tensor<double>& table) {
  Shape shape = shape_of(table);
  while (shape.size() > 3 && shape.front() == 1) shape.erase(shape.begin());
  Tensor<double> result = empty<double>(shape);
  std::copy_n(table.data(), table.size(), result.data());
  return result;
}

}  // namespace

Identification identify_alibi(const Tensor<double>& given) {
  const Tensor<double> table = without_leading_ones(given);
  const Shape shape = shape_of(table);
  if ((shape.size() != 1 && shape.size() != 3) || table.size() == 0 || (shape.size() == 3 && shape[2] < shape[1])) {
    throw ShapeError("table", "expected slopes (H) or biases (H, Lq, Lk) with Lk of at least Lq, found shape " + to_string(shape));
  }
  for (const TypeTolerance& tolerance : tolerances_of(table)) {
    std::vector<Explanation> fitting;
    if (shape.size() == 1) {
      try_slopes(table, tolerance, fitting);
    } else {
      try_bias(table, tolerance, fitting);
    }
    if (fitting.empty()) continue;
    Identification found = simplest(std::move(fitting), tolerance.name());
    const std::size_t heads = shape[0];
    if (is_power_of_two(heads)) found.cannot_tell.push_back({{"AL1", "no_rule_at_powers", std::to_string(heads)}, false});
    if (shape.size() == 1) found.cannot_tell.push_back({{"AL3", "bias_not_given"}, false});
    const std::string future = shape.size() == 3 ? future_of(table) : "";
    if (!future.empty()) found.cannot_tell.push_back({{"", future}, false});
    return found;
  }
  return {};
}

}  // namespace attn::posenc
