#include <attn/io/crc32.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace attn::io;

namespace {

// The definition, bit by bit.
std::uint32_t naive_crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

}  // namespace

TEST_CASE("the check value of CRC-32 is CBF43926") {
  CHECK(crc32(0, "123456789") == 0xCBF43926u);
  CHECK(crc32(0, "") == 0);
}

TEST_CASE("all lengths agree with the definition, in one piece and in two") {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const std::uint32_t expected = naive_crc32(bytes);
    CHECK(crc32(0, bytes) == expected);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += i < 40 ? 1 : 13) {
      CHECK(crc32(crc32(0, bytes.substr(0, cut)), bytes.substr(cut)) == expected);
    }
    bytes += static_cast<char>(37 * i * i + 200);
  }
}

TEST_CASE("every bit counts, wherever it stands") {
  const std::string zeros(200, '\0');
  std::set<std::uint32_t> sums = {crc32(0, zeros)};
  for (std::size_t i = 0; i < zeros.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = zeros;
      bytes[i] = static_cast<char>(1 << bit);
      CHECK(crc32(0, bytes) == naive_crc32(bytes));
      sums.insert(crc32(0, bytes));
    }
  }
  CHECK(sums.size() == 1 + 8 * zeros.size());
}
