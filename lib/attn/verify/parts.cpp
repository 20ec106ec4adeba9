#include <attn/verify/parts.hpp>
#include <attn/workers.hpp>

#include <algorithm>

namespace attn {
namespace {

// Below, copying the inputs and weights of a part takes longer than what it saves.
constexpr std::size_t fewest_cells_of_a_part = 20000;

// How many queries a part has, of `count` parts with so many numbers each that have them all. Keys and values are
// mapped anew for every part: that must not cost more than what the part does with them.
std::size_t queries_of_part(const Problem<double>& problem, std::size_t cells, std::size_t count) {
  const Sizes& s = problem.sizes;
  if (cells <= most_cells_of_a_part || s.query_len == 0) return s.query_len;
  const std::size_t queries = std::max<std::size_t>(s.query_len * most_cells_of_a_part / cells, 1);
  const std::size_t heads = count > s.batch ? s.heads / s.kv_heads : s.heads;
  const double attending = static_cast<double>(queries * heads) * static_cast<double>(s.key_len * (s.head_dim + s.value_dim));
  const auto mapping = [&](Step step, std::size_t width, std::size_t outputs) {
    return problem.has(step) ? static_cast<double>(s.new_len) * static_cast<double>(width * outputs) : 0.0;
  };
  const std::size_t kv_heads = count > s.batch ? 1 : s.kv_heads;
  const double keys_and_values = mapping(Step::k_proj, s.key_width, kv_heads * s.head_dim) + mapping(Step::v_proj, s.value_width, kv_heads * s.value_dim);
  return keys_and_values > attending ? s.query_len : queries;
}

std::vector<std::optional<Slice>> divided(const Problem<double>& problem, std::size_t heads) {
  const std::size_t cells = cells_of_slice(problem, {}), samples = problem.sizes.batch;
  const auto worth = [&](std::size_t count) { return count > 1 && cells / count >= fewest_cells_of_a_part; };
  const bool of_heads = heads > 1 && worth(samples * heads);
  const std::size_t count = of_heads ? samples * heads : worth(samples) ? samples : 1;
  const std::size_t queries = queries_of_part(problem, cells / count, count);
  if (count == 1 && queries == problem.sizes.query_len) return {std::nullopt};
  std::vector<std::optional<Slice>> parts;
  for (std::size_t part = 0; part < count; ++part) {
    Slice slice{of_heads ? part / heads : part};
    if (of_heads) slice.kv_head = part % heads;
    if (queries == problem.sizes.query_len) parts.push_back(slice);
    for (std::size_t first = 0; queries < problem.sizes.query_len && first < problem.sizes.query_len; first += queries) {
      slice.queries = QueryRange{first, std::min(queries, problem.sizes.query_len - first)};
      parts.push_back(slice);
    }
  }
  return parts;
}

}  // namespace

Part::Part(const Problem<double>& whole, std::optional<Slice> slice) : whole_(whole), slice_(slice) {
  if (slice) own_ = problem_of_slice(whole, *slice);
}

bool Part::judges(Step step) const {
  if (!problem().has(step)) return false;
  if (slice_ && slice_->kv_head.value_or(0) > 0 && !has_heads(whole_, step)) return false;
  if (slice_ && slice_->queries && slice_->queries->first > 0 && !has_queries(whole_, step)) return false;
  return true;
}

const StoredTensor& Part::cut(Step step, const StoredTensor& whole, StoredTensor& room) const {
  const std::map<Step, Shape> shapes = step_shapes(whole_);
  const auto shape = shapes.find(step);
  if (!slice_ || shape == shapes.end() || whole.shape() != shape->second) return whole;
  return room = cut_to_slice(whole, whole_, step, *slice_);
}

std::function<std::size_t(std::size_t)> Part::places(Step step) const {
  if (slice_) return places_in_whole(whole_, step, *slice_);
  return [](std::size_t at) { return at; };
}

std::vector<std::optional<Slice>> parts_of(const Problem<double>& problem) {
  const bool alone = !problem.has(Step::merged) || cells_of_slice(problem, {0}) > most_cells_of_a_part;
  return divided(problem, alone && !problem.has(Step::weights_averaged) ? problem.sizes.kv_heads : 1);
}

std::vector<std::optional<Slice>> parts_with_all_heads(const Problem<double>& problem) { return divided(problem, 1); }

template <class T>
JoinedHeads<T>::JoinedHeads(const Problem<double>& problem, const std::vector<std::optional<Slice>>& parts)
    : problem_(problem), needed_(problem.has(Step::merged) && parts.front() && parts.front()->kv_head) {
  if (needed_) merged_ = empty<T>(step_shapes(problem).at(Step::merged));
}

template <class T>
void JoinedHeads<T>::put(const Part& part, const Tensor<T>& merged) {
  put_slice(merged_, problem_, Step::merged, *part.slice(), merged);
}

template class JoinedHeads<float>;
template class JoinedHeads<double>;

void for_each_part(const Problem<double>& problem, const std::vector<std::optional<Slice>>& parts,
                   const std::function<void(const Part& part, std::size_t index)>& work) {
  for_each_piece(parts.size(), worker_count(0, parts.size()), [&](std::size_t index, std::size_t) { work(Part(problem, parts[index]), index); });
}

}  // namespace attn
