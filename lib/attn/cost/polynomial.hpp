// Formulas as data: sums of products of letters, which print as a paper prints them, take numbers for
// their letters, and give exact results.
#pragma once

#include <attn/cost/count.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace attn::cost {

/// The letters of this part of the toolkit: those of the table that is being explained (the course text
/// and Vaswani et al. 2017, table 1), which are not those of shape.hpp. Printed in this order.
enum class Letter : std::size_t {
  b,  ///< batch: samples
  h,  ///< heads
  k,  ///< kernel width of a convolution
  a,  ///< dilation of its taps
  r,  ///< window: keys that a query of restricted self-attention sees
  n,  ///< positions of the sequence (queries)
  m,  ///< positions of the memory (keys of cross-attention)
  p,  ///< pairs of a query and a key that are computed
  d,  ///< width of a position
  s,  ///< bytes of a number
};
constexpr std::size_t letter_count = 10;

struct LetterInfo {
  Letter letter;
  const char* name;     ///< "n"
  const char* option;   ///< "--len"; "" where a letter follows from others
};
const std::array<LetterInfo, letter_count>& letter_table();

/// A number for every letter. All are at least 1 in a run; 0 means "not given" and is refused when a
/// formula needs it.
struct Values {
  std::array<Count, letter_count> numbers{};
  Count& operator[](Letter letter) { return numbers[static_cast<std::size_t>(letter)]; }
  Count operator[](Letter letter) const { return numbers[static_cast<std::size_t>(letter)]; }
};

/// A polynomial with whole coefficients. An exponent may be negative (d²/h): the head size d/h is whole.
class Polynomial {
 public:
  using Exponents = std::array<int, letter_count>;

  Polynomial() = default;
  Polynomial(int constant);     // NOLINT: 4 and n are formulas, so that 4 * n * d reads as it is written
  Polynomial(Letter letter);    // NOLINT

  Polynomial& operator+=(const Polynomial& other);
  friend Polynomial operator+(Polynomial a, const Polynomial& b) { return a += b; }
  friend Polynomial operator-(const Polynomial& a, const Polynomial& b);
  friend Polynomial operator*(const Polynomial& a, const Polynomial& b);
  /// Division by a single product of letters with coefficient 1. Throws std::invalid_argument otherwise.
  friend Polynomial operator/(const Polynomial& a, const Polynomial& monomial);
  friend bool operator==(const Polynomial& a, const Polynomial& b) { return a.terms_ == b.terms_; }

  /// The exact value. Throws LimitError when it does not fit a Count, and std::invalid_argument when a
  /// quotient is not whole or a letter has no value (both are mistakes of the caller).
  Count value(const Values& values) const;

  /// Numbers put in for some letters, the others left: n²·d with d = 3 is 3·n².
  Polynomial with(Letter letter, Count number) const;

  /// The coefficients of the powers of a letter, the others having been replaced by numbers: {c0, c1, …}.
  /// Throws std::invalid_argument if another letter is left or an exponent is negative.
  std::vector<Count> coefficients(Letter letter) const;

  /// The highest power of a letter in any term; 0 for the empty sum.
  int degree(Letter letter) const;

  /// The largest product of letters that divides every term, with coefficient 1; 1 for zero.
  Polynomial common_factor() const;

  /// The terms with positive coefficients, and those with negative ones with their signs turned.
  void split_by_sign(Polynomial& positive, Polynomial& negative) const;

  /// Divided by the greatest common divisor of its coefficients: 2·n − 4·d is n − 2·d.
  Polynomial primitive() const;

  /// "4·n·d² + 2·n²·d", terms of highest degree first; "0" for the empty sum.
  std::string text() const;
  /// "4 n d^{2} + 2 n^{2} d".
  std::string latex() const;
  /// The numbers themselves: n = 4, d = 8 → "4·4·8² + 2·4²·8".
  std::string substituted(const Values& values) const;

  bool is_zero() const { return terms_.empty(); }

 private:
  struct Highest {
    bool operator()(const Exponents& a, const Exponents& b) const;
  };
  struct Signs {
    std::string times, over, minus;
  };
  template <class Factor>
  std::string spelled(Factor&& factor, const Signs& signs) const;

  std::map<Exponents, Count, Highest> terms_;
};

/// Lets 2 * n * d be written with letters on both sides.
Polynomial operator*(Letter a, Letter b);
Polynomial operator+(Letter a, Letter b);

}  // namespace attn::cost
