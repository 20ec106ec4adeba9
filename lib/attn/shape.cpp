#include <attn/shape.hpp>

#include <charconv>
#include <stdexcept>

namespace attn {

std::optional<std::size_t> element_count(const Shape& shape) {
  // A zero anywhere makes the tensor empty, whatever the other sizes multiply to.
  for (const std::size_t size : shape) {
    if (size == 0) return 0;
  }
  std::size_t count = 1;
  for (const std::size_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  if (shape.size() == 1) text += ",";
  return text + ")";
}

const std::vector<Letter>& letters() {
  static const std::vector<Letter> table = {
      {"B", &Sizes::batch, "batch"},
      {"H", &Sizes::heads, "query heads"},
      {"Hk", &Sizes::kv_heads, "key/value heads"},
      {"Lq", &Sizes::query_len, "query length"},
      {"Lk", &Sizes::key_len, "key length, cache included"},
      {"P", &Sizes::past_len, "keys that come from the cache"},
      {"Ln", &Sizes::new_len, "new keys, cache excluded"},
      {"E", &Sizes::d_model, "embedding width (d_model)"},
      {"Ek", &Sizes::key_width, "width of the source of keys"},
      {"Ev", &Sizes::value_width, "width of the source of values"},
      {"D", &Sizes::head_dim, "head size (d_k)"},
      {"Dv", &Sizes::value_dim, "value head size (d_v)"},
      {"F", &Sizes::ffn_width, "feed-forward width"},
      {"Eo", &Sizes::output_width, "width of a layer's output"},
      {"V", &Sizes::vocabulary, "tokens of the vocabulary"},
      {"Lm", &Sizes::max_length, "positions of a model"},
      {"Sg", &Sizes::segments, "segments of a model"},
  };
  return table;
}

namespace {

std::size_t factor_size(std::string_view factor, const Sizes& sizes) {
  for (const Letter& letter : letters()) {
    if (letter.name == factor) return sizes.*letter.size;
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(factor.data(), factor.data() + factor.size(), number);
  if (error != std::errc{} || end != factor.data() + factor.size()) {
    throw std::invalid_argument("unknown axis letter '" + std::string(factor) + "'");
  }
  return number;
}

}  // namespace

std::size_t axis_size(std::string_view axis, const Sizes& sizes) {
  constexpr std::string_view half = "/2";
  if (axis.size() > half.size() && axis.substr(axis.size() - half.size()) == half) return axis_size(axis.substr(0, axis.size() - half.size()), sizes) / 2;
  const std::size_t plus = axis.find('+');
  if (plus != std::string_view::npos) return axis_size(axis.substr(0, plus), sizes) + axis_size(axis.substr(plus + 1), sizes);
  const std::size_t star = axis.find('*');
  if (star == std::string_view::npos) return factor_size(axis, sizes);
  return factor_size(axis.substr(0, star), sizes) * axis_size(axis.substr(star + 1), sizes);
}

std::vector<std::string> split_axes(std::string_view axes) {
  std::vector<std::string> parts;
  while (!axes.empty()) {
    const std::size_t comma = axes.find(',');
    parts.emplace_back(axes.substr(0, comma));
    if (comma == std::string_view::npos) break;
    axes.remove_prefix(comma + 1);
    while (!axes.empty() && axes.front() == ' ') axes.remove_prefix(1);
  }
  return parts;
}

Shape shape_of_axes(std::string_view axes, const Sizes& sizes) {
  Shape shape;
  for (const std::string& axis : split_axes(axes)) shape.push_back(axis_size(axis, sizes));
  return shape;
}

}  // namespace attn
