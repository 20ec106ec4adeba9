#include <attn/io/names.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace attn::io {
namespace {

constexpr std::size_t longest_quote = 60;
constexpr std::size_t longest_list = 20;

// The length of the UTF-8 sequence at the start of `text`; 0 when it is not well-formed. Overlong forms
// pass: the purpose is a readable terminal, not validation.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc0 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf8 ? 4
                                           : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Insertions, deletions, substitutions and swaps of neighbours that turn a into b, ignoring case.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped =
          i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    // U+0080 to U+009F, two bytes long in UTF-8, are control characters too.
    const bool second_set = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    const bool printable = length > 0 && first >= 0x20 && first != 0x7f && !second_set;
    out += printable ? std::string(text.substr(0, length)) : fmt::format("\\x{:02x}", second_set ? text[1] & 0xff : first);
    text.remove_prefix(printable || second_set ? length : 1);
  }
  return out;
}

std::string in_quotes(std::string_view text) {
  std::size_t end = std::min(text.size(), longest_quote);
  // Not in the middle of a UTF-8 sequence.
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "'" + one_line(text.substr(0, end)) + (end < text.size() ? "…'" : "'");
}

std::string list_in_quotes(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < longest_list; ++i)
    out += (i > 0 ? ", " : "") + in_quotes(names[i]);
  if (names.size() > longest_list) out += fmt::format(" and {} more", names.size() - longest_list);
  return out;
}

std::optional<std::string> near_miss(std::string_view name, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  // The beginning of a name stands for it: "scores" for "scores_raw".
  for (const std::string& candidate : candidates) {
    if (name.size() >= 3 && candidate.size() > name.size() && candidate.compare(0, name.size(), name) == 0) return candidate;
  }
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    // Lengths bound the distance from below, which spares the table for hopeless candidates.
    const std::size_t gap = std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
    if (gap >= best_distance) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace attn::io
