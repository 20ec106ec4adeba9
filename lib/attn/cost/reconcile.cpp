#include <attn/cost/reconcile.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace attn::cost {
namespace {

/// Σ min(i, m) for i = 1 … n: query i sees the keys up to its own position.
Count causal_pairs(Count n, Count m) {
  const Count growing = std::min(n, m);
  const Count triangle = multiply(growing, growing + 1) / 2;
  return n > m ? add(triangle, multiply(n - m, m)) : triangle;
}

/// 3 for "K" … 12 for "T"; 0 for none.
int power_of_suffix(char suffix) {
  static constexpr std::string_view suffixes = "KMGT";
  const std::size_t place = suffixes.find(suffix);
  return place == std::string_view::npos ? 0 : 3 * static_cast<int>(place + 1);
}

/// Digits after the decimal point of the part before any exponent.
int decimals_of(std::string_view digits) {
  const std::size_t point = digits.find('.');
  if (point == std::string_view::npos) return 0;
  const std::size_t end = digits.find_first_of("eE");
  return static_cast<int>((end == std::string_view::npos ? digits.size() : end) - point - 1);
}

std::optional<Count> whole_number(std::string_view text) {
  Count count = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9' || count > power(10, 36)) return std::nullopt;
    count = count * 10 + (digit - '0');
  }
  return text.empty() ? std::nullopt : std::optional<Count>(count);
}

}  // namespace

bool Claim::matches(Count count) const {
  if (exact) return count == *exact;
  // Halves round either way, and binary fractions need a little room.
  return std::abs(to_double(count) - value) <= half_step * (1 + 1e-9);
}

std::optional<Claim> parse_claim(std::string_view text) {
  Claim claim;
  claim.exact = whole_number(text);
  if (claim.exact) {
    claim.value = to_double(*claim.exact);
    return *claim.exact > 0 ? std::optional<Claim>(claim) : std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  const int suffix = power_of_suffix(text.back());
  const std::string_view digits = suffix == 0 ? text : text.substr(0, text.size() - 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), claim.value);
  if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(claim.value) || claim.value <= 0) {
    return std::nullopt;
  }
  int exponent = 0;
  const std::size_t mark = digits.find_first_of("eE");
  if (mark != std::string_view::npos) {
    std::string_view power_text = digits.substr(mark + 1);
    if (!power_text.empty() && power_text[0] == '+') power_text.remove_prefix(1);
    std::from_chars(power_text.data(), power_text.data() + power_text.size(), exponent);
  }
  claim.value *= std::pow(10.0, suffix);
  claim.half_step = 0.5 * std::pow(10.0, suffix + exponent - decimals_of(digits));
  return claim;
}

std::vector<std::string> counter_names() {
  std::vector<std::string> names;
  for (const Convention& row : published_conventions()) {
    if (std::find(names.begin(), names.end(), row.counter) == names.end()) names.push_back(row.counter);
  }
  return names;
}

std::vector<Reckoning> reconcile(const Claim& claim, Values values, std::string_view counter) {
  std::vector<Reckoning> all;
  const auto append = [&](const Convention& convention) {
    values[Letter::p] = convention.pairs == Pairs::all ? multiply(values[Letter::n], values[Letter::m])
                                                       : causal_pairs(values[Letter::n], values[Letter::m]);
    const Count value = convention.formula.value(values);
    all.push_back({&convention, value, claim.matches(value)});
  };
  for (const Convention& row : published_conventions()) {
    if (counter.empty() || row.counter == counter) append(row);
  }
  if (counter.empty()) {
    for (const Convention& row : combined_conventions()) append(row);
  }
  const auto distance = [&](const Reckoning& r) { return r.matches ? -1.0 : std::abs(to_double(r.value) - claim.value); };
  std::stable_sort(all.begin(), all.end(), [&](const Reckoning& a, const Reckoning& b) {
    if (distance(a) != distance(b)) return distance(a) < distance(b);
    if (a.convention->counter.empty() != b.convention->counter.empty()) return b.convention->counter.empty();
    return a.convention->counter.empty() && a.convention->parts.size() < b.convention->parts.size();
  });
  return all;
}

}  // namespace attn::cost
