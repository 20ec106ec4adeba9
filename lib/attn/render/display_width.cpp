#include <attn/render/display_width.hpp>

#include <attn/render/unicode_ranges.hpp>

#include <algorithm>
#include <iterator>

namespace attn::render {
namespace {

constexpr char32_t replacement = 0xFFFD;

template <std::size_t N>
bool contains(const CharacterRange (&ranges)[N], char32_t character) {
  const CharacterRange* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), character,
                       [](char32_t wanted, const CharacterRange& range) { return wanted < range.first; });
  return after != std::begin(ranges) && character <= std::prev(after)->last;
}

/// What the first byte of a well-formed sequence promises (Unicode 15, table 3-7).
struct Lead {
  std::size_t length;  ///< of the whole sequence; 0 for a byte that cannot lead
  unsigned char low;   ///< bounds of the second byte, which exclude overlong forms and surrogates
  unsigned char high;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

bool is_ascii(char character) { return static_cast<unsigned char>(character) < 0x80; }

bool is_cjk(char32_t character) { return character_width(character) == 2; }

bool closes(char32_t character) {
  static constexpr std::u32string_view marks = U"，。、；：？！）」』》〉】〕”’…%‰·,.;:?!)]}";
  return marks.find(character) != std::u32string_view::npos;
}

bool opens(char32_t character) {
  static constexpr std::u32string_view marks = U"（「『《〈【〔“‘([{";
  return marks.find(character) != std::u32string_view::npos;
}

/// A line may end between these two neighbours although there is no space.
bool may_break_between(char32_t left, char32_t right) {
  if (!is_cjk(left) && !is_cjk(right)) return false;
  return !opens(left) && !closes(right);
}

/// The longest prefix that is never broken, and the spaces that follow it.
struct Piece {
  std::string_view word;
  std::size_t width = 0;
  std::size_t spaces = 0;
};

Piece take_piece(std::string_view& text) {
  Piece piece;
  const char* const begin = text.data();
  char32_t previous = 0;
  while (!text.empty() && text.front() != ' ') {
    std::string_view rest = text;
    const char32_t next = take_character(rest);
    if (previous != 0 && may_break_between(previous, next)) break;
    piece.width += static_cast<std::size_t>(character_width(next));
    previous = next;
    text = rest;
  }
  piece.word = {begin, static_cast<std::size_t>(text.data() - begin)};
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
    ++piece.spaces;
  }
  return piece;
}

/// Moves as much of a word as fits `room` columns (at least one character) to the end of the line.
void cut_word(Piece& piece, std::size_t room, std::string& line) {
  std::size_t moved = 0;
  while (!piece.word.empty()) {
    std::string_view rest = piece.word;
    const auto next = static_cast<std::size_t>(character_width(take_character(rest)));
    if (moved > 0 && moved + next > room) break;
    line.append(piece.word.data(), piece.word.size() - rest.size());
    moved += next;
    piece.word = rest;
  }
  piece.width -= moved;
}

/// One paragraph, filled greedily.
void wrap_paragraph(std::string_view text, std::size_t width, std::vector<std::string>& lines) {
  std::string line;
  std::size_t used = 0;
  std::size_t pending_spaces = 0;
  const auto end_line = [&] {
    lines.push_back(std::move(line));
    line.clear();
    used = 0;
  };
  while (!text.empty()) {
    Piece piece = take_piece(text);
    if (used > 0 && used + pending_spaces + piece.width > width) {
      end_line();
      pending_spaces = 0;
    }
    line.append(pending_spaces, ' ');
    used += pending_spaces;
    for (; piece.width > width; end_line()) cut_word(piece, width, line);
    line += piece.word;
    used += piece.width;
    pending_spaces = piece.spaces;
  }
  end_line();
}

}  // namespace

char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.length == 1) {
    const char32_t ascii = byte(0);
    text.remove_prefix(1);
    return ascii;
  }
  bool well_formed = lead.length > 0 && lead.length <= text.size();
  for (std::size_t i = 1; well_formed && i < lead.length; ++i) {
    const unsigned char low = i == 1 ? lead.low : 0x80;
    const unsigned char high = i == 1 ? lead.high : 0xBF;
    well_formed = byte(i) >= low && byte(i) <= high;
  }
  if (!well_formed) {
    text.remove_prefix(1);
    return replacement;
  }
  char32_t character = byte(0) & (0xFFu >> (lead.length + 1));
  for (std::size_t i = 1; i < lead.length; ++i) character = (character << 6) | (byte(i) & 0x3Fu);
  text.remove_prefix(lead.length);
  return character;
}

int character_width(char32_t character) {
  if (character < 0x20 || (character >= 0x7F && character < 0xA0)) return 0;
  if (character < 0x300) return 1;
  if (contains(zero_width_ranges, character)) return 0;
  return contains(wide_ranges, character) ? 2 : 1;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    if (text.front() >= ' ' && text.front() <= '~') {  // nearly all of them
      width += 1;
      text.remove_prefix(1);
    } else {
      width += static_cast<std::size_t>(character_width(take_character(text)));
    }
  }
  return width;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  const auto other = std::find_if_not(text.begin(), text.end(), is_ascii);
  valid.append(text.begin(), other);
  text.remove_prefix(valid.size());
  while (!text.empty()) {
    const char* const begin = text.data();
    const bool replaced = take_character(text) == replacement;
    const std::string_view bytes(begin, static_cast<std::size_t>(text.data() - begin));
    valid += replaced ? std::string_view("\uFFFD") : bytes;
  }
  return valid;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return std::string(text) + std::string(taken < width ? width - taken : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t taken = display_width(text);
  return std::string(taken < width ? width - taken : 0, ' ') + std::string(text);
}

std::string clip(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return valid_utf8(text);
  std::string clipped;
  std::size_t used = 0;
  while (!text.empty()) {
    const char* const begin = text.data();
    const auto next = static_cast<std::size_t>(character_width(take_character(text)));
    if (used + next + 1 > width) break;
    clipped.append(begin, static_cast<std::size_t>(text.data() - begin));
    used += next;
  }
  return width == 0 ? std::string() : valid_utf8(clipped) + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    wrap_paragraph(text.substr(0, end), width, lines);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace attn::render
