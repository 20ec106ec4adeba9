#include <attn/verify/parts.hpp>
#include <attn/workers.hpp>

namespace attn {
namespace {

// Below, copying the inputs and weights of a part takes longer than what it saves.
constexpr std::size_t fewest_cells_of_a_part = 20000;

}  // namespace

Part::Part(const Problem<double>& whole, std::optional<Slice> slice) : whole_(whole), slice_(slice) {
  if (slice) own_ = problem_of_slice(whole, *slice);
}

bool Part::judges(Step step) const {
  if (!slice_ || !slice_->kv_head || *slice_->kv_head == 0) return true;
  return has_heads(whole_, step);
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
  std::size_t cells = 0;
  for (const auto& [step, shape] : step_shapes(problem)) cells += element_count(shape).value_or(0);
  const bool heads_apart = !problem.has(Step::merged) && !problem.has(Step::weights_averaged);
  const std::size_t samples = problem.sizes.batch, heads = heads_apart ? problem.sizes.kv_heads : 1;
  const auto worth = [&](std::size_t count) { return count > 1 && cells / count >= fewest_cells_of_a_part; };
  if (!worth(samples * heads) && !worth(samples)) return {std::nullopt};
  const bool of_heads = heads > 1 && worth(samples * heads);
  std::vector<std::optional<Slice>> parts;
  for (std::size_t sample = 0; sample < samples; ++sample) {
    if (!of_heads) parts.push_back(Slice{sample, std::nullopt});
    for (std::size_t head = 0; of_heads && head < heads; ++head) parts.push_back(Slice{sample, head});
  }
  return parts;
}

void for_each_part(const Problem<double>& problem, const std::vector<std::optional<Slice>>& parts,
                   const std::function<void(const Part& part, std::size_t index)>& work) {
  for_each_piece(parts.size(), worker_count(0, parts.size()), [&](std::size_t index, std::size_t) { work(Part(problem, parts[index]), index); });
}

}  // namespace attn
