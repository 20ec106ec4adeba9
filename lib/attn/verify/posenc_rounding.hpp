// What rounding may have done to the numbers of a table: only a type that holds every one of them can have
// rounded them.
#pragma once

#include <attn/tensor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::posenc {

/// How far numbers that were computed in a type may be off.
struct RoundingClass {
  std::string name;
  double unit;      ///< of a result
  double per_step;  ///< of an angle, for each position
};

/// "float64" and "float32", and the two half precisions; from the tightest to the loosest.
const std::vector<RoundingClass>& rounding_classes();

/// A first position farther from 0 than this adds no more to the rounding of angles that is allowed: it would allow
/// anything.
constexpr double farthest_rounded_start = 4096;

/// A type of half precision.
struct HalfType {
  std::string name;
  float (*round)(double);
  int digits;          ///< significant binary digits
  int least_exponent;  ///< of a normal number
};
const HalfType& float16_type();
const HalfType& bfloat16_type();

/// Half the distance between the neighbours of x in the type: rounding to it moves x no farther.
double half_step(double x, const HalfType& type);

/// Whether every number is one of the type.
bool are_all(const Tensor<double>& values, const HalfType& type);

/// The decimals, from 2 to 6, to which all numbers are rounded, as on a worksheet; empty for whole numbers and where
/// there are more.
std::optional<int> decimals_of(const Tensor<double>& values);

/// The arithmetic that numbers were computed in, and the type they were stored in if that is a narrower one.
struct TypeTolerance {
  RoundingClass computed;
  const HalfType* stored = nullptr;
  std::optional<int> decimals{};  ///< rounded for people

  /// "float64", "float32", "3 decimals", "float16", "bfloat16".
  std::string name() const;
  /// Whether the numbers were rounded to something narrower than the arithmetic.
  bool is_narrow() const { return stored || decimals; }
  /// What storing may move a number that is x by; 0 unless is_narrow().
  double storing(double x) const;
};

/// float64 and float32, then the decimals and every half precision that hold all of the values.
std::vector<TypeTolerance> tolerances_of(const Tensor<double>& values);

}  // namespace attn::posenc
