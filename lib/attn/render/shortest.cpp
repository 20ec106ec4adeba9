// std::to_chars finds the shortest digits with the Ryu algorithm (Adams 2018); Dragonbox (Jeon 2020) needs
// half the time, and fmt has it. fmt offers the digits only in a namespace named detail, so this is the one
// file that reaches for them, and its test holds every form of number against std::to_chars.
#include <attn/render/shortest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace attn::render {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "eight digits are stored as one little-endian number");

constexpr int most_digits = 17;  // of a double

constexpr std::array<std::uint64_t, most_digits + 1> powers_of_ten = [] {
  std::array<std::uint64_t, most_digits + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

/// Counts down: most numbers have nearly all the digits that their type can need.
int digit_count(std::uint64_t number, int most) {
  while (number < powers_of_ten[static_cast<std::size_t>(most - 1)]) --most;
  return most;
}

/// Writes number < 10^8 as eight digits. All eight are computed at once, in the bytes of one register:
/// halves of four digits, then quarters of two, then single ones; n·10486 >> 20 is n / 100 for n < 10^4,
/// and n·103 >> 10 is n / 10 for n < 100.
void write_eight_digits(char* to, std::uint64_t number) {
  std::uint64_t digits = number / 10000 | (number % 10000) << 32;
  const std::uint64_t hundreds = (digits * 10486 >> 20) & 0x0000007f0000007f;
  digits = hundreds | (digits - 100 * hundreds) << 16;
  const std::uint64_t tens = (digits * 103 >> 10) & 0x000f000f000f000f;
  digits = tens | (digits - 10 * tens) << 8;
  digits += 0x3030303030303030;  // '0' in every byte
  std::memcpy(to, &digits, sizeof digits);
}

/// 0.00123, 1.25 or 12.5: `count` digits of which `point` stand before the point (none when point ≤ 0, then
/// −point zeros follow it). Straight-line code: the sign and size of numbers in a tensor are random, and a
/// branch on them would be mispredicted half the time.
char* write_fixed(char* to, std::uint64_t digits, int count, int point) {
  constexpr std::uint64_t hundred_million = 100000000;
  digits *= powers_of_ten[static_cast<std::size_t>(most_digits - count)];
  const std::uint64_t upper = digits / hundred_million;  // nine digits
  const char first = static_cast<char>('0' + upper / hundred_million);
  char* const at = to + (point > 0 ? 1 : 2 - point);  // of the first digit, before it makes room for the point
  std::memcpy(to, "0.000000", 8);
  *at = first;
  write_eight_digits(at + 1, upper % hundred_million);
  write_eight_digits(at + 9, digits % hundred_million);
  to[0] = point > 0 ? first : '0';
  for (int i = 1; i < point; ++i) to[i] = at[i];
  to[std::max(point, 1)] = '.';
  return at + count;
}

template <class T>
char* write(char* to, T value) {
  *to = '-';
  char* const begin = to + std::signbit(value);
  const T size = std::abs(value);
  char* const limit = to + shortest_room;
  constexpr T first_shorter_as_scientific = 100000;  // 1e+05
  if (size < first_shorter_as_scientific && size == static_cast<T>(static_cast<int>(size))) {
    return std::to_chars(begin, limit, static_cast<int>(size)).ptr;
  }
  const auto decimal = fmt::detail::dragonbox::to_decimal(size);  // significand · 10^exponent
  const int count = digit_count(decimal.significand, std::numeric_limits<T>::max_digits10);
  const int point = count + decimal.exponent;
  const int fixed = point > 0 ? count + 1 : count + 2 - point;
  const int scientific = count + (count > 1) + (point <= -99 ? 5 : 4);  // d.ddde-05
  if (decimal.exponent >= 0 || fixed > scientific) return std::to_chars(begin, limit, size).ptr;
  return write_fixed(begin, decimal.significand, count, point);
}

}  // namespace

char* write_shortest(char* to, double value) { return write(to, value); }
char* write_shortest(char* to, float value) { return write(to, value); }

}  // namespace attn::render
