#include <attn/cost/count.hpp>

#include <attn/error.hpp>

#include <algorithm>

namespace attn::cost {
namespace {

[[noreturn]] void refuse(const char* operation) {
  throw LimitError("count", std::string("a ") + operation + " does not fit 128 bits (1.7e38); choose smaller sizes");
}

}  // namespace

Count add(Count a, Count b) {
  Count sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) refuse("sum");
  return sum;
}

Count multiply(Count a, Count b) {
  Count product = 0;
  if (__builtin_mul_overflow(a, b, &product)) refuse("product");
  return product;
}

Count power(Count base, unsigned exponent) {
  Count result = 1;
  for (unsigned i = 0; i < exponent; ++i) result = multiply(result, base);
  return result;
}

Count ceil_divide(Count a, Count b) { return a / b + (a % b != 0 ? 1 : 0); }

Count ceil_log(Count base, Count value) {
  // Divided down rather than multiplied up, so that nothing can overflow: ⌈⌈v/b⌉/b⌉ = ⌈v/b²⌉.
  Count exponent = 0;
  for (; value > 1; value = ceil_divide(value, base)) ++exponent;
  return exponent;
}

std::string to_string(Count count) {
  const bool negative = count < 0;
  std::string digits;
  // The remainder of a negative number is negative; -digit avoids negating the smallest Count.
  do {
    const int digit = static_cast<int>(count % 10);
    digits += static_cast<char>('0' + (negative ? -digit : digit));
    count /= 10;
  } while (count != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string grouped(Count count) {
  std::string text = to_string(count);
  const std::size_t sign = text[0] == '-' ? 1 : 0;
  if (text.size() - sign < 5) return text;
  for (std::size_t i = text.size(); i > sign + 3;) {
    i -= 3;
    text.insert(i, " ");
  }
  return text;
}

double to_double(Count count) { return static_cast<double>(count); }

}  // namespace attn::cost
