#include <attn/verify/posenc_identify.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

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
    return std::any_of(all.begin(), all.end(), [&one](const Deviation& other) { return other == one || (one.freedom == Freedom::number && other.freedom == Freedom::number && one.kind == other.kind); });
  });
}

Freedom freedom_of(const Explanation& one) {
  Freedom most = Freedom::none;
  for (const Deviation& d : one.deviations) most = std::max(most, d.freedom);
  return most;
}

// Fewer deviations first, and of equally many those with less freedom.
bool is_simpler(const Explanation& a, const Explanation& b) {
  if (a.deviations.size() != b.deviations.size()) return a.deviations.size() < b.deviations.size();
  return freedom_of(a) < freedom_of(b);
}

// A number that was fitted, together with more deviations than are needed, or as many and less freedom, explains
// nothing.
bool needs_more(const Explanation& candidate, const Explanation& known) {
  const Freedom freedom = freedom_of(candidate);
  if (freedom == Freedom::none) return false;
  if (candidate.deviations.size() > known.deviations.size()) return freedom >= freedom_of(known);
  return freedom == Freedom::number && freedom > freedom_of(known) && known.deviations.size() > 1;
}

// One unit of the decimal digit at this place, counted from the first one that is not zero.
double unit_of_digit(double value, int place) { return std::pow(10.0, std::floor(std::log10(std::abs(value)) + 1e-12) - place + 1); }

double to_digits(double value, int digits) {
  const double unit = unit_of_digit(value, digits);
  return unit < 1 ? std::round(value / unit) / std::round(1 / unit) : std::round(value / unit) * unit;
}

}  // namespace

Identification simplest(std::vector<Explanation> fitting, const std::string& rounding) {
  std::stable_sort(fitting.begin(), fitting.end(), is_simpler);
  Identification result;
  result.rounding = rounding;
  for (const Explanation& candidate : fitting) {
    const bool is_implied = std::any_of(result.explanations.begin(), result.explanations.end(), [&](const Explanation& known) {
      return is_covered_by(known.deviations, candidate.deviations);
    });
    const bool is_far_fetched = std::any_of(result.explanations.begin(), result.explanations.end(), [&](const Explanation& known) { return needs_more(candidate, known); });
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
  if (value != 0 && std::abs(value) < 1e-3) {
    std::ostringstream digits;
    digits << value;
    return digits.str();
  }
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string factor_text(double factor, std::size_t columns) {
  const double root = std::sqrt(static_cast<double>(columns));
  const auto is = [factor](double known) { return std::abs(factor / known - 1) < 1e-6; };
  return is(root) ? "√d" : is(1 / root) ? "1/√d" : short_number(factor);
}

bool is_round(double value) { return std::abs(to_digits(value, 1) / value - 1) < 1e-12; }

double half_last_digit(double value) {
  int digits = 1;
  while (digits < 9 && std::abs(to_digits(value, digits) / value - 1) > 1e-12) ++digits;
  return unit_of_digit(value, digits) / 2;
}

std::vector<double> round_numbers_near(double value) {
  std::vector<double> found;
  for (const int digits : {1, 2, 3, 4, 5, 6, 9}) {
    const double rounded = to_digits(value, digits);
    const bool is_near = std::abs(rounded / value - 1) < 0.03;
    if (is_near && (found.empty() || rounded != found.back())) found.push_back(rounded);
  }
  return found;
}

}  // namespace attn::posenc
