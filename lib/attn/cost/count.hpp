// Exact whole numbers for counting operations. Counts grow as n²·d: for n = 10⁹ and d = 10⁶ they pass 64
// bits, so they have 128, and arithmetic that would leave those is refused instead of wrapped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace attn::cost {

/// A signed whole number of 128 bits: |count| < 1.7·10³⁸.
__extension__ typedef __int128 Count;  // NOLINT(modernize-use-using): __extension__ cannot stand before a using

/// Sum and product. Throw LimitError when the result does not fit.
Count add(Count a, Count b);
Count multiply(Count a, Count b);

/// base to the power of exponent. Throws LimitError when the result does not fit.
Count power(Count base, unsigned exponent);

/// The smallest whole number that is at least a / b, for a ≥ 0 and b > 0.
Count ceil_divide(Count a, Count b);

/// The smallest L ≥ 0 with base^L ≥ value, for base ≥ 2 and value ≥ 1.
Count ceil_log(Count base, Count value);

/// Decimal digits: "123456".
std::string to_string(Count count);

/// Digits in groups of three for people: "123 456"; as to_string below five digits.
std::string grouped(Count count);

/// The nearest float64.
double to_double(Count count);

}  // namespace attn::cost
