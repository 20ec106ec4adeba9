#include <attn/verify/cut_down.hpp>

#include <algorithm>
#include <utility>

namespace attn {
namespace {

constexpr std::size_t most_queries = 8, most_keys = 12, fewer_keys = 5, most_cached = 4, most_window = 2;

// Which positions of the whole the cut keeps, axis by axis.
struct Kept {
  std::vector<std::size_t> samples, heads, kv_heads, queries, new_keys, cached;
};

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> positions(count);
  for (std::size_t i = 0; i < count; ++i) positions[i] = i;
  return positions;
}

// `count` of `all` positions, evenly spread, so that a mask keeps its shape.
std::vector<std::size_t> spread(std::size_t count, std::size_t all) {
  std::vector<std::size_t> positions(count);
  for (std::size_t i = 0; i < count; ++i) positions[i] = count < 2 ? 0 : i * (all - 1) / (count - 1);
  return positions;
}

// The numbers at these positions of an axis.
template <class T>
Tensor<T> chosen(const Tensor<T>& tensor, std::size_t axis, const std::vector<std::size_t>& positions) {
  Shape shape = shape_of(tensor);
  std::size_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  const std::size_t length = shape[axis];
  shape[axis] = positions.size();
  Tensor<T> result = empty<T>(shape);
  T* target = result.data();
  for (std::size_t o = 0; o < outer; ++o) {
    for (const std::size_t position : positions) target = std::copy_n(tensor.data() + (o * length + position) * inner, inner, target);
  }
  return result;
}

// Two samples; of padded ones the shortest and the longest.
std::vector<std::size_t> samples_of(const Problem<double>& problem) {
  const auto& lens = problem.options.attention.mask.valid_lens;
  if (problem.sizes.batch <= 2 || lens.empty()) return first(std::min<std::size_t>(problem.sizes.batch, 2));
  const auto shortest = std::min_element(lens.begin(), lens.end()), longest = std::max_element(lens.begin(), lens.end());
  if (*shortest == *longest) return {0, 1};
  const auto a = static_cast<std::size_t>(shortest - lens.begin()), b = static_cast<std::size_t>(longest - lens.begin());
  return {std::min(a, b), std::max(a, b)};
}

std::size_t fewer_new_keys(std::size_t queries, std::size_t new_keys) {
  if (new_keys == queries) return std::min(new_keys, most_queries);
  if (new_keys > queries) return std::min(new_keys, most_keys);
  return queries <= most_queries ? new_keys : std::min(new_keys, fewer_keys);
}

Kept kept_of(const Problem<double>& problem, std::size_t appended) {
  const Sizes& s = problem.sizes;
  Kept kept;
  kept.samples = samples_of(problem);
  const bool mixes_heads = problem.has(Step::merged);
  const std::size_t group = s.heads / s.kv_heads;
  kept.kv_heads = first(mixes_heads ? s.kv_heads : std::min<std::size_t>(s.kv_heads, 2));
  kept.heads = first(kept.kv_heads.size() * group);
  kept.queries = first(std::min(s.query_len, most_queries));
  kept.new_keys = first(fewer_new_keys(s.query_len, s.new_len - appended));
  kept.cached = first(std::min(s.past_len, most_cached));
  return kept;
}

// A length between 0 and `all` as a length between 0 and `fewer`, whole only if it was.
std::size_t scaled(std::size_t length, std::size_t all, std::size_t fewer) {
  if (length == 0) return 0;
  if (length >= all) return fewer;
  return fewer < 2 ? 0 : std::clamp<std::size_t>(length * fewer / all, 1, fewer - 1);
}

void cut_lens(std::vector<std::size_t>& lens, const Kept& kept, std::size_t all, std::size_t fewer) {
  if (lens.empty()) return;
  std::vector<std::size_t> cut;
  for (const std::size_t sample : kept.samples) cut.push_back(scaled(lens[sample], all, fewer));
  // Different lengths stay different, or a mask of another sample could not be seen.
  if (cut.size() == 2 && cut[0] == cut[1] && lens[kept.samples[0]] != lens[kept.samples[1]]) {
    std::size_t& shorter = lens[kept.samples[0]] < lens[kept.samples[1]] ? cut[0] : cut[1];
    std::size_t& longer = &shorter == &cut[0] ? cut[1] : cut[0];
    if (shorter > 1) {
      --shorter;
    } else if (longer + 1 < fewer) {
      ++longer;
    }
  }
  lens = cut;
}

// A side that bounds anything does so in the cut; one that is longer than the other stays so, or a window turned round
// could not be seen.
void cut_window(Window& window, std::size_t all) {
  const auto bounds = [all](const std::optional<std::size_t>& side) { return side && *side + 1 < all; };
  const bool left = bounds(window.left), right = bounds(window.right);
  const std::optional<std::size_t> whole_left = window.left, whole_right = window.right;
  if (left) window.left = std::min(*window.left, right && *whole_right > *whole_left ? most_window - 1 : most_window);
  if (right) window.right = std::min(*window.right, left && *whole_left > *whole_right ? most_window - 1 : most_window);
}

// The given mask, broadcast axes left as they are.
void cut_given(Tensor<double>& given, const Kept& kept, const Sizes& sizes, std::size_t all_keys, std::size_t keys) {
  const std::size_t rank = given.dimension();
  const std::vector<std::size_t> positions[] = {kept.samples, kept.heads, spread(kept.queries.size(), sizes.query_len), spread(keys, all_keys)};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (given.shape(axis) > 1) given = chosen(given, axis, positions[4 - rank + axis]);
  }
}

void cut_input(Step step, Tensor<double>& tensor, const Kept& kept) {
  const std::vector<std::string> axes = split_axes(step_info(step).axes);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis] == "B") tensor = chosen(tensor, axis, kept.samples);
    if (axes[axis] == "H") tensor = chosen(tensor, axis, kept.heads);
    if (axes[axis] == "Hk") tensor = chosen(tensor, axis, kept.kv_heads);
    if (axes[axis] == "Lq") tensor = chosen(tensor, axis, kept.queries);
    if (axes[axis] == "Ln") tensor = chosen(tensor, axis, kept.new_keys);
    if (axes[axis] == "P") tensor = chosen(tensor, axis, kept.cached);
  }
}

Shape output_shape_of(const Shape& whole, const Sizes& sizes) {
  if (whole.size() == 2) return {sizes.query_len, whole[1]};
  if (whole.size() == 3) return {sizes.batch, sizes.query_len, whole[2]};
  return {sizes.batch, sizes.heads, sizes.query_len, sizes.value_dim};
}

}  // namespace

Problem<double> cut_down(const Problem<double>& problem) {
  const std::size_t exempt = problem.options.attention.mask.exempt_keys;
  const Kept kept = kept_of(problem, exempt);
  Problem<double> cut;
  cut.weights = problem.weights;
  cut.options = problem.options;
  cut.steps = problem.steps;
  cut.all_heads = problem.all_heads ? problem.all_heads : problem.sizes.heads;
  cut.sizes = problem.sizes;
  cut.sizes.batch = kept.samples.size();
  cut.sizes.heads = cut.options.heads = kept.heads.size();
  cut.sizes.kv_heads = cut.options.kv_heads = kept.kv_heads.size();
  cut.sizes.query_len = kept.queries.size();
  cut.sizes.past_len = kept.cached.size();
  cut.sizes.new_len = kept.new_keys.size() + exempt;
  cut.sizes.key_len = cut.sizes.past_len + cut.sizes.new_len;
  cut.output_shape = output_shape_of(problem.output_shape, cut.sizes);
  if (!problem.has(Step::merged) && cut.output_shape.size() == 3) cut.output_shape[2] = cut.sizes.heads * cut.sizes.value_dim;
  for (const auto& [step, tensor] : problem.inputs) {
    Tensor<double> part = tensor;
    cut_input(step, part, kept);
    cut.inputs.emplace(step, std::move(part));
  }
  const std::size_t all_keys = problem.sizes.key_len - exempt, keys = cut.sizes.key_len - exempt;
  AttentionOptions<double>& attention = cut.options.attention;
  cut_lens(attention.mask.valid_lens, kept, all_keys, keys);
  cut_window(attention.mask.window, all_keys);
  if (attention.mask.given) cut_given(*attention.mask.given, kept, problem.sizes, all_keys, keys);
  if (auto& keep = attention.dropout_keep) {
    keep = chosen(chosen(chosen(chosen(*keep, 0, kept.samples), 1, kept.heads), 2, kept.queries), 3, first(cut.sizes.key_len));
  }
  return cut;
}

}  // namespace attn
