#include <attn/io/crc32.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace attn::io {
namespace {

constexpr std::size_t slices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, slices>;

// tables[k][b]: what the byte b contributes when k more bytes follow it.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1 ? 0xEDB88320u : 0u);
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k < slices; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[k - 1][byte];
      tables[k][byte] = shorter >> 8 ^ tables[0][shorter & 0xff];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

// The register after these bytes, by look-ups. Eight bytes a turn: their contributions are independent, so the
// look-ups overlap.
std::uint32_t by_tables(std::uint32_t crc, std::string_view bytes) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= slices; at += slices, left -= slices) {
    std::uint64_t chunk;
    std::memcpy(&chunk, at, slices);  // little-endian, as everywhere in this folder
    chunk ^= crc;
    crc = 0;
    for (std::size_t k = 0; k < slices; ++k) crc ^= tables[slices - 1 - k][chunk >> 8 * k & 0xff];
  }
  for (; left > 0; ++at, --left) crc = crc >> 8 ^ tables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  return crc;
}

#if defined(__x86_64__)

// A checksum is a remainder of polynomials over two elements, and bytes may be replaced by any others of the same
// remainder. 128 bits at a distance of n bits before others are folded onto them: multiplied by xⁿ mod P, which is
// short, and added. (Gopal et al. 2009, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ".)

constexpr std::size_t block = sizeof(__m128i);

// xⁿ mod P with its bits in the order of the checksum, shifted as the product of two reversed numbers needs it.
constexpr std::uint64_t power(int n) {
  std::uint32_t remainder = 0x80000000u;
  for (int i = 0; i < n; ++i) remainder = remainder >> 1 ^ (remainder & 1 ? 0xEDB88320u : 0u);
  return std::uint64_t{remainder} << 1;
}

// What moves the two halves of 128 bits on by `bits`: the first half stands 64 bits further away.
template <int bits>
[[gnu::target("pclmul,sse4.1")]] __m128i mover() {
  constexpr std::uint64_t first = power(bits + 32), second = power(bits - 32);
  return _mm_set_epi64x(static_cast<long long>(second), static_cast<long long>(first));
}

[[gnu::target("pclmul,sse4.1")]] __m128i folded(__m128i sum, __m128i onto, __m128i mover) {
  const __m128i first = _mm_clmulepi64_si128(sum, mover, 0x00), second = _mm_clmulepi64_si128(sum, mover, 0x11);
  return _mm_xor_si128(onto, _mm_xor_si128(first, second));
}

[[gnu::target("pclmul,sse4.1")]] __m128i load(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

// At least four blocks: four sums, each of every fourth block, then one.
[[gnu::target("pclmul,sse4.1")]] std::uint32_t by_folding(std::uint32_t crc, std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  __m128i sums[4];
  for (std::size_t i = 0; i < 4; ++i, at += block) sums[i] = load(at);
  sums[0] = _mm_xor_si128(sums[0], _mm_cvtsi32_si128(static_cast<int>(crc)));
  const __m128i by_four = mover<4 * 128>(), by_one = mover<128>();
  while (end - at >= static_cast<std::ptrdiff_t>(4 * block)) {
    for (std::size_t i = 0; i < 4; ++i, at += block) sums[i] = folded(sums[i], load(at), by_four);
  }
  __m128i sum = sums[0];
  for (std::size_t i = 1; i < 4; ++i) sum = folded(sum, sums[i], by_one);
  for (; end - at >= static_cast<std::ptrdiff_t>(block); at += block) sum = folded(sum, load(at), by_one);
  char rest[block];
  std::memcpy(rest, &sum, block);
  return by_tables(by_tables(0, {rest, block}), {at, static_cast<std::size_t>(end - at)});
}

#endif

}  // namespace

std::uint32_t crc32(std::uint32_t before, std::string_view bytes) {
#if defined(__x86_64__)
  static const bool can_fold = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  if (can_fold && bytes.size() >= 4 * block) return ~by_folding(~before, bytes);
#endif
  return ~by_tables(~before, bytes);
}

}  // namespace attn::io
