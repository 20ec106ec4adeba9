// The shortest digits that read back to the same float or double: std::to_chars's text, at more speed.
#pragma once

#include <cstddef>

namespace attn::render {

/// Bytes that write_shortest may need: the longest text is std::to_chars's of −DBL_MAX, and the fast path
/// writes past the end of what it returns.
constexpr std::size_t shortest_room = 320;

/// Writes a finite value to `to`, which has shortest_room bytes, and returns the end. The text is exactly
/// that of std::to_chars(first, last, value): fixed notation unless scientific is shorter.
char* write_shortest(char* to, double value);
char* write_shortest(char* to, float value);

}  // namespace attn::render
