#include <attn/render/shortest.hpp>

#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>

using attn::render::shortest_room;
using attn::render::write_shortest;

namespace {

template <class T>
std::string ours(T value) {
  char text[shortest_room];
  return {text, write_shortest(text, value)};
}

template <class T>
std::string standard(T value) {
  char text[shortest_room];
  return {text, std::to_chars(text, text + shortest_room, value).ptr};
}

template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
long differences_on_random_numbers(long count) {
  std::mt19937_64 bits(11);
  long different = 0;
  for (long i = 0; i < count; ++i) {
    const T any = from_bits<T>(bits());  // every exponent alike
    const T near_one = std::ldexp(static_cast<T>(bits() >> 11), -static_cast<int>(bits() % 80));
    const T short_one = static_cast<T>(bits() % 100000) / static_cast<T>(1000);
    for (const T value : {any, near_one, -near_one, short_one}) {
      if (std::isfinite(value)) different += ours(value) != standard(value);
    }
  }
  return different;
}

}  // namespace

TEST_CASE("the text is that of std::to_chars, for numbers of every size and length") {
  CHECK(differences_on_random_numbers<double>(100000) == 0);
  CHECK(differences_on_random_numbers<float>(100000) == 0);
}

TEST_CASE("every power of ten and of two, and its neighbours, is written as std::to_chars does") {
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    const double two = std::ldexp(1.0, exponent), ten = std::pow(10.0, exponent / 4);
    for (const double value : {two, std::nextafter(two, 0.0), ten, std::nextafter(ten, 1e300), -ten}) {
      CHECK(ours(value) == standard(value));
      if (std::isfinite(static_cast<float>(value))) {
        CHECK(ours(static_cast<float>(value)) == standard(static_cast<float>(value)));
      }
    }
  }
}

TEST_CASE("fixed notation unless scientific is shorter") {
  CHECK(ours(0.0) == "0");
  CHECK(ours(-0.0) == "-0");
  CHECK(ours(100.0) == "100");
  CHECK(ours(0.001) == "0.001");     // 5 characters, and so is 1e-03
  CHECK(ours(0.0001) == "1e-04");    // 0.0001 has 6
  CHECK(ours(0.00012) == "0.00012");  // 7 characters, and so has 1.2e-04
  CHECK(ours(1e4) == "10000");        // 5 characters, and so has 1e+04
  CHECK(ours(1e5) == "1e+05");
  CHECK(ours(123456.0) == "123456");
  CHECK(ours(1e22) == "1e+22");
  CHECK(ours(12.5f) == "12.5");
  CHECK(ours(16777217.5) == "16777217.5");
  CHECK(ours(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(ours(std::numeric_limits<double>::denorm_min()) == "5e-324");
}
