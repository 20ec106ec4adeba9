// A number that counts what is done with it: the layers of counted_layers.hpp run on it, and the tally is
// held against the formulas.
#pragma once

#include <cmath>

namespace counted {

struct Tally {
  long long multiplications = 0, additions = 0, divisions = 0, comparisons = 0, exponentials = 0, tangents = 0;
};

inline Tally& tally() {
  static Tally counts;
  return counts;
}

/// A double whose operations are tallied. Copies, constants and a change of sign are free.
struct Scalar {
  double value = 0;
  Scalar() = default;
  Scalar(double number) : value(number) {}  // NOLINT: constants mix with scalars
  Scalar operator-() const { return -value; }
  Scalar& operator+=(const Scalar& other) {
    ++tally().additions;
    value += other.value;
    return *this;
  }
};

inline Scalar operator+(Scalar a, const Scalar& b) { return a += b; }
inline Scalar operator-(const Scalar& a, const Scalar& b) {
  ++tally().additions;
  return a.value - b.value;
}
inline Scalar operator*(const Scalar& a, const Scalar& b) {
  ++tally().multiplications;
  return a.value * b.value;
}
inline Scalar operator/(const Scalar& a, const Scalar& b) {
  ++tally().divisions;
  return a.value / b.value;
}
inline Scalar exp(const Scalar& x) {
  ++tally().exponentials;
  return std::exp(x.value);
}
inline Scalar tanh(const Scalar& x) {
  ++tally().tangents;
  return std::tanh(x.value);
}
inline Scalar larger(const Scalar& a, const Scalar& b) {
  ++tally().comparisons;
  return a.value > b.value ? a : b;
}
inline Scalar smaller(const Scalar& a, const Scalar& b) {
  ++tally().comparisons;
  return a.value < b.value ? a : b;
}

inline double larger(double a, double b) { return a > b ? a : b; }
inline double smaller(double a, double b) { return a < b ? a : b; }

}  // namespace counted
