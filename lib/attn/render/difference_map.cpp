#include <attn/render/difference_map.hpp>

#include <attn/render/display_width.hpp>
#include <attn/render/heatmap.hpp>
#include <attn/render/panel.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace attn::render {
namespace {

constexpr std::size_t between_matrices = 3;
constexpr std::size_t mark_width = 2;
constexpr int red = 160;

std::size_t blocks(std::size_t cells, std::size_t per_mark) { return (cells + per_mark - 1) / per_mark; }

// The worse of two cells; one that was not compared is the least.
double worse(double a, double b) {
  if (std::isnan(a)) return b;
  return std::isnan(b) ? a : std::max(a, b);
}

class Drawing {
 public:
  Drawing(const Panel& panel, const DifferenceStyle& style) : style_(style), matrices_(panel, style.words) {
    map_.total = matrices_.count();
    map_.rows_per_mark = std::max<std::size_t>(blocks(matrices_.rows(), style.rows), 1);
    map_.columns_per_mark = std::max<std::size_t>(blocks(matrices_.columns(), style.columns), 1);
    rows_ = blocks(matrices_.rows(), map_.rows_per_mark);
    columns_ = blocks(matrices_.columns(), map_.columns_per_mark);
    for (std::size_t i = 0; i < panel.tensor.size(); ++i) see(panel.tensor[i]);
  }

  DifferenceMap draw() {
    const std::vector<std::size_t> chosen = choose();
    map_.shown = chosen.size();
    for (std::size_t r = 0; r < rows_; ++r) label_width_ = std::max(label_width_, display_width(row_label(r)));
    std::vector<std::size_t> line;
    std::size_t used = style_.indent;
    for (const std::size_t m : chosen) {
      if (!line.empty() && used + width_of(m) > style_.width) {
        draw_line(line);
        line.clear();
        used = style_.indent;
      }
      used += width_of(m) + between_matrices;
      line.push_back(m);
    }
    draw_line(line);
    map_.rows_per_mark *= style_.rows_per_cell;
    map_.columns_per_mark *= style_.columns_per_cell;
    return std::move(map_);
  }

 private:
  void see(double value) {
    map_.any_empty = map_.any_empty || std::isnan(value);
    map_.any_infinite = map_.any_infinite || std::isinf(value);
    if (std::isfinite(value)) map_.largest = std::max(map_.largest, value);
  }

  // In their own order, those with the most cells that differ; where not all can be drawn, none without any.
  std::vector<std::size_t> choose() const {
    std::vector<std::size_t> all(matrices_.count()), wrong(matrices_.count(), 0);
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (const std::size_t m : all) {
      for (std::size_t i = 0; i < matrices_.rows() * matrices_.columns(); ++i) wrong[m] += !(matrices_.at(m, 0, i) <= 0);  // or was left empty
    }
    std::stable_sort(all.begin(), all.end(), [&](std::size_t a, std::size_t b) { return wrong[a] > wrong[b]; });
    if (all.size() > style_.matrices) {
      const auto differing = static_cast<std::size_t>(std::count_if(wrong.begin(), wrong.end(), [](std::size_t cells) { return cells > 0; }));
      all.resize(std::clamp<std::size_t>(differing, 1, style_.matrices));
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  std::string row_label(std::size_t r) const { return matrices_.row_label(r * map_.rows_per_mark * style_.rows_per_cell); }

  std::size_t width_of(std::size_t matrix) const {
    const std::size_t head = std::max(display_width(matrices_.caption(matrix)), display_width(matrices_.column_label(0)));
    return label_width_ + 1 + std::max(columns_ * mark_width, head);
  }

  // "Lk 0      6": the first column, and the last where there is room for it.
  std::string column_line() const {
    const std::string first = matrices_.column_label(0);
    const std::string last = std::to_string((columns_ - 1) * map_.columns_per_mark * style_.columns_per_cell);
    const std::size_t room = columns_ * mark_width;
    if (first.empty() || columns_ < 2 || display_width(first) + 2 + last.size() > room) return first;
    return first + pad_left(last, room - display_width(first) - (last.size() < mark_width ? 1 : 0));
  }

  double worst_in(std::size_t matrix, std::size_t r, std::size_t c) const {
    double worst = std::numeric_limits<double>::quiet_NaN();
    const std::size_t row_end = std::min((r + 1) * map_.rows_per_mark, matrices_.rows());
    const std::size_t column_end = std::min((c + 1) * map_.columns_per_mark, matrices_.columns());
    for (std::size_t row = r * map_.rows_per_mark; row < row_end; ++row) {
      for (std::size_t column = c * map_.columns_per_mark; column < column_end; ++column) {
        worst = worse(worst, matrices_.at(matrix, row, column));
      }
    }
    return worst;
  }

  std::string mark(double value) const {
    if (std::isnan(value)) return "_ ";
    if (std::isinf(value)) return style_.color ? coloured("! ", red) : "! ";
    if (value <= 0) return style_.color ? dimmed("· ") : "· ";
    static const char* const marks[] = {"░░", "▒▒", "▓▓", "██"};
    const double share = value / map_.largest;
    const auto quarter = static_cast<std::size_t>(std::clamp(std::ceil(4 * share) - 1, 0.0, 3.0));
    if (!style_.color) return marks[quarter];
    return shaded(marks[quarter], *shade_of(0.25 * static_cast<double>(quarter + 1), Shading::unit, 1));
  }

  template <class Part>
  void append_line(const std::vector<std::size_t>& line, Part&& part) {
    std::string text;
    std::size_t missing = style_.indent;
    for (const std::size_t m : line) {
      std::string content;
      const std::size_t width = part(m, content);
      text += std::string(missing, ' ') + content;
      missing = width_of(m) - width + between_matrices;
    }
    if (text.find_first_not_of(' ') == std::string::npos) return;
    text.erase(text.find_last_not_of(' ') + 1);
    map_.text += text + "\n";
  }

  void draw_line(const std::vector<std::size_t>& line) {
    if (line.empty()) return;
    const std::string margin(label_width_ + 1, ' ');
    const auto heading = [&](const std::string& text, std::string& content) {
      content = margin + text;
      return margin.size() + display_width(text);
    };
    append_line(line, [&](std::size_t m, std::string& content) { return heading(matrices_.caption(m), content); });
    append_line(line, [&](std::size_t, std::string& content) { return heading(column_line(), content); });
    for (std::size_t r = 0; r < rows_; ++r) {
      append_line(line, [&](std::size_t m, std::string& content) {
        content = pad_left(row_label(r), label_width_) + " ";
        for (std::size_t c = 0; c < columns_; ++c) content += mark(worst_in(m, r, c));
        return label_width_ + 1 + columns_ * mark_width;
      });
    }
    map_.text += "\n";
  }

  const DifferenceStyle& style_;
  const Matrices matrices_;
  std::size_t rows_ = 0, columns_ = 0, label_width_ = 0;
  DifferenceMap map_;
};

}  // namespace

DifferenceMap draw_differences(const Panel& panel, const DifferenceStyle& style) {
  if (panel.tensor.size() == 0) return {};
  return Drawing(panel, style).draw();
}

}  // namespace attn::render
