#include <attn/render/display_width.hpp>
#include <attn/shapes/drawing.hpp>

#include <algorithm>
#include <utility>

namespace attn::shapes {
namespace {

constexpr std::size_t most_heads = 6;

std::string repeated(const char* piece, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

std::string centred(const std::string& text, std::size_t width) {
  const std::size_t used = render::display_width(text);
  const std::size_t left = used < width ? (width - used) / 2 : 0;
  return render::pad_right(std::string(left, ' ') + text, width);
}

/// "0–19"
std::string range_of(std::size_t head, std::size_t head_dim) {
  const std::string first = std::to_string(head * head_dim);
  return head_dim == 1 ? first : first + "–" + std::to_string((head + 1) * head_dim - 1);
}

/// Boxes that touch: one line of walls and text, between `left` and `right` corners joined by `joint`.
std::string wall(const std::vector<std::string>& cells, std::size_t width, const char* left, const char* joint,
                 const char* right) {
  std::string line = left;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? joint : "") + repeated("─", width);
  return line + right + "\n";
}

std::string touching_boxes(const std::vector<std::string>& cells, std::size_t width) {
  std::string text = wall(cells, width, "┌", "┬", "┐") + "│";
  for (const std::string& cell : cells) text += centred(cell.empty() ? "…" : cell, width) + "│";
  return text + "\n" + wall(cells, width, "└", "┴", "┘");
}

/// One box for each matrix, apart from each other; two lines inside.
std::string separate_boxes(const std::vector<std::string>& first, const std::vector<std::string>& second,
                           std::size_t width) {
  std::string top, upper, lower, bottom;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const bool gap = first[i].empty();
    const std::string space = i > 0 ? " " : "";
    top += space + (gap ? std::string(width, ' ') : "┌" + repeated("─", width - 2) + "┐");
    upper += space + (gap ? centred("…", width) : "│" + centred(first[i], width - 2) + "│");
    lower += space + (gap ? std::string(width, ' ') : "│" + centred(second[i], width - 2) + "│");
    bottom += space + (gap ? std::string(width, ' ') : "└" + repeated("─", width - 2) + "┘");
  }
  return top + "\n" + upper + "\n" + lower + "\n" + bottom + "\n";
}

}  // namespace

std::vector<std::string> head_ranges(std::size_t heads, std::size_t head_dim) {
  std::vector<std::string> ranges;
  for (std::size_t h = 0; h < heads; ++h) {
    if (heads > most_heads && h == 3) {
      ranges.emplace_back();
      h = heads - 1;
    }
    ranges.push_back(range_of(h, head_dim));
  }
  return ranges;
}

std::string split_drawing(std::size_t heads, std::size_t head_dim, std::size_t length,
                          const DrawingWords& words) {
  const std::vector<std::string> ranges = head_ranges(heads, head_dim);
  std::vector<std::string> names, matrices;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::size_t head = i + 1 == ranges.size() ? heads - 1 : i;
    names.push_back(ranges[i].empty() ? "" : words.head + " " + std::to_string(head));
    matrices.push_back("(" + std::to_string(length) + ", " + std::to_string(head_dim) + ")");
  }
  std::size_t inside = 8;
  for (const std::vector<std::string>* cells : {&ranges, &std::as_const(names), &std::as_const(matrices)}) {
    for (const std::string& cell : *cells) inside = std::max(inside, render::display_width(cell) + 2);
  }
  const std::size_t whole = ranges.size() * (inside + 1) - 1;
  const std::string row = words.row + " " + std::to_string(heads * head_dim);
  const std::string one = touching_boxes({row}, std::max(whole, render::display_width(row) + 2));
  return one + "  ↓ " + words.cut + "\n" + touching_boxes(ranges, inside) + "  ↓ " + words.turn + "\n" +
         separate_boxes(names, matrices, inside) + "  ↓ " + words.merge + "\n" + one;
}

}  // namespace attn::shapes
