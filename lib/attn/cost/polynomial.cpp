#include <attn/cost/polynomial.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace attn::cost {
namespace {

std::string superscript(int exponent) {
  static const char* const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char digit : std::to_string(exponent)) text += digits[digit - '0'];
  return text;
}

int total_degree(const Polynomial::Exponents& exponents) { return std::accumulate(exponents.begin(), exponents.end(), 0); }

}  // namespace

const std::array<LetterInfo, letter_count>& letter_table() {
  static const std::array<LetterInfo, letter_count> table = {{{Letter::b, "b", "--batch"},
                                                              {Letter::h, "h", "--heads"},
                                                              {Letter::k, "k", "--kernel"},
                                                              {Letter::a, "a", "--dilation"},
                                                              {Letter::r, "r", "--window"},
                                                              {Letter::n, "n", "--len"},
                                                              {Letter::m, "m", "--memory-len"},
                                                              {Letter::p, "p", ""},
                                                              {Letter::d, "d", "--d-model"},
                                                              {Letter::s, "s", "--dtype"}}};
  return table;
}

bool Polynomial::Highest::operator()(const Exponents& a, const Exponents& b) const {
  if (total_degree(a) != total_degree(b)) return total_degree(a) > total_degree(b);
  // Of equal degree: the one with the higher power of a late letter (d before n) first, as papers write
  // 4·n·d² + 2·n²·d.
  return std::lexicographical_compare(b.rbegin(), b.rend(), a.rbegin(), a.rend());
}

Polynomial::Polynomial(int constant) {
  if (constant != 0) terms_[Exponents{}] = constant;
}

Polynomial::Polynomial(Letter letter) {
  Exponents exponents{};
  exponents[static_cast<std::size_t>(letter)] = 1;
  terms_[exponents] = 1;
}

Polynomial& Polynomial::operator+=(const Polynomial& other) {
  for (const auto& [exponents, coefficient] : other.terms_) {
    const Count sum = add(terms_[exponents], coefficient);
    if (sum == 0) {
      terms_.erase(exponents);
    } else {
      terms_[exponents] = sum;
    }
  }
  return *this;
}

Polynomial operator-(const Polynomial& a, const Polynomial& b) { return a + Polynomial(-1) * b; }

Polynomial operator*(const Polynomial& a, const Polynomial& b) {
  Polynomial product;
  for (const auto& [left, left_coefficient] : a.terms_) {
    for (const auto& [right, right_coefficient] : b.terms_) {
      Polynomial term;
      Polynomial::Exponents exponents = left;
      for (std::size_t i = 0; i < letter_count; ++i) exponents[i] += right[i];
      term.terms_[exponents] = multiply(left_coefficient, right_coefficient);
      product += term;
    }
  }
  return product;
}

Polynomial operator/(const Polynomial& a, const Polynomial& monomial) {
  if (monomial.terms_.size() != 1 || monomial.terms_.begin()->second != 1) {
    throw std::invalid_argument("a formula is divided by a product of letters only");
  }
  Polynomial inverse;
  Polynomial::Exponents exponents = monomial.terms_.begin()->first;
  for (int& exponent : exponents) exponent = -exponent;
  inverse.terms_[exponents] = 1;
  return a * inverse;
}

Polynomial operator*(Letter a, Letter b) { return Polynomial(a) * Polynomial(b); }
Polynomial operator+(Letter a, Letter b) { return Polynomial(a) + Polynomial(b); }

Count Polynomial::value(const Values& values) const {
  Count sum = 0;
  for (const auto& [exponents, coefficient] : terms_) {
    Count numerator = coefficient, denominator = 1;
    for (std::size_t i = 0; i < letter_count; ++i) {
      if (exponents[i] == 0) continue;
      if (values.numbers[i] <= 0) throw std::invalid_argument(std::string("no value for ") + letter_table()[i].name);
      Count& part = exponents[i] > 0 ? numerator : denominator;
      part = multiply(part, power(values.numbers[i], static_cast<unsigned>(std::abs(exponents[i]))));
    }
    if (numerator % denominator != 0) throw std::invalid_argument(text() + " is not whole");
    sum = add(sum, numerator / denominator);
  }
  return sum;
}

Polynomial Polynomial::with(Letter letter, Count number) const {
  const std::size_t place = static_cast<std::size_t>(letter);
  Polynomial result;
  for (const auto& term : terms_) {
    Exponents exponents = term.first;
    Count coefficient = term.second;
    const Count factor = power(number, static_cast<unsigned>(std::abs(exponents[place])));
    if (exponents[place] < 0) {
      if (factor == 0 || coefficient % factor != 0) {
        throw std::invalid_argument(text() + " is not whole; put in the numerator first");
      }
      coefficient /= factor;
    } else {
      coefficient = multiply(coefficient, factor);
    }
    exponents[place] = 0;
    Polynomial replaced;
    if (coefficient != 0) replaced.terms_[exponents] = coefficient;
    result += replaced;
  }
  return result;
}

std::vector<Count> Polynomial::coefficients(Letter letter) const {
  const std::size_t place = static_cast<std::size_t>(letter);
  std::vector<Count> found;
  for (const auto& term : terms_) {
    Exponents exponents = term.first;
    const int power_of_letter = exponents[place];
    exponents[place] = 0;
    if (power_of_letter < 0 || exponents != Exponents{}) {
      throw std::invalid_argument(text() + " is no polynomial in one letter");
    }
    const std::size_t index = static_cast<std::size_t>(power_of_letter);
    if (found.size() <= index) found.resize(index + 1, 0);
    found[index] = term.second;
  }
  return found;
}

int Polynomial::degree(Letter letter) const {
  int highest = 0;
  for (const auto& term : terms_) highest = std::max(highest, term.first[static_cast<std::size_t>(letter)]);
  return highest;
}

void Polynomial::split_by_sign(Polynomial& positive, Polynomial& negative) const {
  for (const auto& [exponents, coefficient] : terms_) {
    if (coefficient > 0) positive.terms_[exponents] = coefficient;
    if (coefficient < 0) negative.terms_[exponents] = -coefficient;
  }
}

Polynomial Polynomial::primitive() const {
  Count divisor = 0;
  for (const auto& term : terms_) {
    for (Count a = term.second < 0 ? -term.second : term.second; a != 0;) {
      const Count rest = divisor % a;
      divisor = a;
      a = rest;
    }
  }
  Polynomial result = *this;
  for (auto& term : result.terms_) term.second /= divisor;
  return result;
}

Polynomial Polynomial::common_factor() const {
  Polynomial factor(1);
  if (terms_.empty()) return factor;
  Exponents least = terms_.begin()->first;
  for (const auto& [exponents, coefficient] : terms_) {
    for (std::size_t i = 0; i < letter_count; ++i) least[i] = std::min(least[i], exponents[i]);
  }
  factor.terms_.clear();
  factor.terms_[least] = 1;
  return factor;
}

// Every term as coefficient, letters above and letters below the fraction line; factor(i, e) spells
// letter i to the power e.
template <class Factor>
std::string Polynomial::spelled(Factor&& factor, const Signs& signs) const {
  if (terms_.empty()) return "0";
  std::string text;
  for (const auto& [exponents, coefficient] : terms_) {
    std::string product, divisor;
    for (std::size_t i = 0; i < letter_count; ++i) {
      if (exponents[i] == 0) continue;
      std::string& side = exponents[i] > 0 ? product : divisor;
      side += (side.empty() ? "" : signs.times) + factor(i, std::abs(exponents[i]));
    }
    const Count size = coefficient < 0 ? -coefficient : coefficient;
    if (size != 1 || product.empty()) product = to_string(size) + (product.empty() ? "" : signs.times + product);
    if (!divisor.empty()) product += signs.over + divisor;
    const std::string sign = coefficient < 0 ? signs.minus : "+";
    if (!text.empty()) text += " " + sign + " ";
    else if (coefficient < 0) text += sign;
    text += product;
  }
  return text;
}

std::string Polynomial::text() const {
  return spelled(
      [](std::size_t i, int exponent) { return letter_table()[i].name + (exponent > 1 ? superscript(exponent) : ""); },
      {"·", "/", "−"});
}

std::string Polynomial::latex() const {
  return spelled(
      [](std::size_t i, int exponent) {
        return letter_table()[i].name + (exponent > 1 ? "^{" + std::to_string(exponent) + "}" : std::string());
      },
      {" ", " / ", "-"});
}

std::string Polynomial::substituted(const Values& values) const {
  return spelled(
      [&](std::size_t i, int exponent) {
        return to_string(values.numbers[i]) + (exponent > 1 ? superscript(exponent) : "");
      },
      {"·", "/", "−"});
}

}  // namespace attn::cost
