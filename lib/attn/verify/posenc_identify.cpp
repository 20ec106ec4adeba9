#include <attn/verify/posenc_identify.hpp>

#include <algorithm>
#include <cmath>

namespace attn::posenc {
namespace {

bool has(const std::vector<Deviation>& deviations, const Deviation& one) {
  return std::find(deviations.begin(), deviations.end(), one) != deviations.end();
}

bool is_part_of(const std::vector<Deviation>& some, const std::vector<Deviation>& all) {
  return std::all_of(some.begin(), some.end(), [&all](const Deviation& one) { return has(all, one); });
}

// Another fitted number in the same place is no other explanation.
bool is_covered_by(const std::vector<Deviation>& some, const std::vector<Deviation>& all) {
  return std::all_of(some.begin(), some.end(), [&all](const Deviation& one) {
    return std::any_of(all.begin(), all.end(), [&one](const Deviation& other) { return other == one || (one.fitted && other.fitted && one.kind == other.kind); });
  });
}

std::ptrdiff_t fitted_count(const Explanation& one) {
  return std::count_if(one.deviations.begin(), one.deviations.end(), [](const Deviation& d) { return d.fitted; });
}

// Fewer deviations first, and of equally many those without a fitted number.
bool is_simpler(const Explanation& a, const Explanation& b) {
  if (a.deviations.size() != b.deviations.size()) return a.deviations.size() < b.deviations.size();
  return fitted_count(a) < fitted_count(b);
}

}  // namespace

const std::vector<RoundingClass>& rounding_classes() {
  static const std::vector<RoundingClass> classes = {
      {"float64", 4e-15, 2e-15}, {"float32", 4e-7, 4e-7}, {"float16", 6e-4, 0}, {"bfloat16", 4.5e-3, 0}};
  return classes;
}

Identification simplest(std::vector<Explanation> fitting, const std::string& rounding) {
  std::stable_sort(fitting.begin(), fitting.end(), is_simpler);
  Identification result;
  result.rounding = rounding;
  for (const Explanation& candidate : fitting) {
    const bool is_implied = std::any_of(result.explanations.begin(), result.explanations.end(), [&](const Explanation& known) {
      return is_covered_by(known.deviations, candidate.deviations);
    });
    // A free number together with more deviations than are needed explains nothing.
    const bool is_far_fetched = !result.explanations.empty() && fitted_count(candidate) > 0 &&
                                candidate.deviations.size() > result.explanations.front().deviations.size();
    if (!is_implied && !is_far_fetched) result.explanations.push_back(candidate);
  }
  if (result.explanations.empty()) return result;
  const std::vector<Deviation>& first = result.explanations.front().deviations;
  for (const Explanation& candidate : fitting) {
    if (candidate.deviations.size() != first.size() + 1 || !is_part_of(first, candidate.deviations)) continue;
    for (const Deviation& extra : candidate.deviations) {
      const Unseen unseen{extra};
      const bool listed = std::find(result.cannot_tell.begin(), result.cannot_tell.end(), unseen) != result.cannot_tell.end();
      if (!has(first, extra) && !listed) result.cannot_tell.push_back(unseen);
    }
  }
  return result;
}

std::string short_number(double value) {
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string factor_text(double factor, std::size_t columns) {
  const double root = std::sqrt(static_cast<double>(columns));
  const auto is = [factor](double known) { return std::abs(factor / known - 1) < 1e-6; };
  return is(root) ? "√d" : is(1 / root) ? "1/√d" : short_number(factor);
}

std::vector<double> round_numbers_near(double value) {
  std::vector<double> found;
  for (const int digits : {1, 2, 3, 4, 5, 6, 9}) {
    const double unit = std::pow(10.0, std::floor(std::log10(value)) - digits + 1);
    const double rounded = std::round(value / unit) * unit;
    const bool is_near = std::abs(rounded / value - 1) < 0.03;
    if (is_near && (found.empty() || rounded != found.back())) found.push_back(rounded);
  }
  return found;
}

}  // namespace attn::posenc
