#include <attn/verify/compare.hpp>
#include <attn/verify/slice.hpp>

#include <algorithm>
#include <cstring>
#include <string>

namespace attn {
namespace {

// Positions first … first + count of one axis.
struct Range {
  std::size_t axis, first, count;
};

template <class T>
Tensor<T> part_of(const Tensor<T>& tensor, const Range& range) {
  Shape shape = shape_of(tensor);
  std::size_t inner = 1, outer = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) (axis < range.axis ? outer : axis > range.axis ? inner : shape[axis]) *= axis == range.axis ? 1 : shape[axis];
  const std::size_t length = shape[range.axis];
  shape[range.axis] = range.count;
  Tensor<T> part = empty<T>(shape);
  for (std::size_t o = 0; o < outer; ++o) {
    std::copy_n(tensor.data() + (o * length + range.first) * inner, range.count * inner, part.data() + o * range.count * inner);
  }
  return part;
}

template <class T>
std::optional<Tensor<T>> part_of(const std::optional<Tensor<T>>& tensor, const Range& range) {
  if (!tensor) return std::nullopt;
  return part_of(*tensor, range);
}

std::size_t group_of(const Problem<double>& problem) { return problem.options.heads / problem.options.kv_heads; }

// The ranges that cut a step's tensor down to the slice, by the letters of its axes.
std::vector<Range> ranges_of(const Problem<double>& problem, Step step, const Slice& slice) {
  const std::size_t group = group_of(problem), kv = slice.kv_head.value_or(0);
  const Sizes& sizes = problem.sizes;
  std::vector<std::string> axes = split_axes(step_info(step).axes);
  if (step == Step::output) {
    axes = problem.output_shape.size() == 4 ? std::vector<std::string>{"B", "H", "Lq", "Dv"} : split_axes(step_info(Step::merged).axes);
    if (problem.output_shape.size() == 2) axes.erase(axes.begin());
    if (problem.has(Step::merged)) axes.back() = "E";
  }
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] == "B" && slice.sample) ranges.push_back({i, *slice.sample, 1});
    if (axes[i] == "Lq" && slice.queries) ranges.push_back({i, slice.queries->first, slice.queries->count});
    if (!slice.kv_head) continue;
    if (axes[i] == "H") ranges.push_back({i, kv * group, group});
    if (axes[i] == "Hk") ranges.push_back({i, kv, 1});
    if (axes[i] == "H*D") ranges.push_back({i, kv * group * sizes.head_dim, group * sizes.head_dim});
    if (axes[i] == "H*Dv") ranges.push_back({i, kv * group * sizes.value_dim, group * sizes.value_dim});
    if (axes[i] == "Hk*D") ranges.push_back({i, kv * sizes.head_dim, sizes.head_dim});
    if (axes[i] == "Hk*Dv") ranges.push_back({i, kv * sizes.value_dim, sizes.value_dim});
  }
  return ranges;
}

// Where a row-major position in what is cut down to the ranges stands in the whole.
std::size_t position_in(const Shape& whole, const std::vector<Range>& ranges, std::size_t at) {
  Shape part = whole;
  for (const Range& range : ranges) part[range.axis] = range.count;
  Shape index = unravel(at, part);
  for (const Range& range : ranges) index[range.axis] += range.first;
  std::size_t position = 0;
  for (std::size_t axis = 0; axis < whole.size(); ++axis) position = position * whole[axis] + index[axis];
  return position;
}

// What the ranges leave of a tensor.
struct Remainder {
  Shape shape;
  std::size_t run;  // so many of its cells stand side by side in the whole
};

Remainder remainder_of(Shape whole, const std::vector<Range>& ranges) {
  std::size_t last = 0;  // the axis up to which cells do not stand side by side
  for (const Range& range : ranges) {
    whole[range.axis] = range.count;
    last = std::max(last, range.axis);
  }
  const std::size_t run = *element_count(Shape(whole.begin() + static_cast<std::ptrdiff_t>(std::min(last, whole.size())), whole.end()));
  return {std::move(whole), run};
}

template <class T>
Tensor<T> cut(const TensorView& tensor, const std::vector<Range>& ranges) {
  const Remainder remainder = remainder_of(tensor.shape(), ranges);
  Tensor<T> part = empty<T>(remainder.shape);
  for (std::size_t at = 0; at < part.size(); at += remainder.run) {
    const char* const from = static_cast<const char*>(tensor.data()) + position_in(tensor.shape(), ranges, at) * sizeof(T);
    std::memcpy(part.data() + at, from, remainder.run * sizeof(T));
  }
  return part;
}

void cut_mask(MaskRules<double>& rules, const Slice& slice, std::size_t group) {
  if (slice.sample && !rules.valid_lens.empty()) rules.valid_lens = {rules.valid_lens[*slice.sample]};
  if (!rules.given) return;
  const std::size_t rank = rules.given->dimension();
  if (slice.sample && rank == 4 && rules.given->shape(0) > 1) rules.given = part_of(*rules.given, {0, *slice.sample, 1});
  if (slice.kv_head && rank >= 3 && rules.given->shape(rank - 3) > 1) {
    rules.given = part_of(*rules.given, {rank - 3, *slice.kv_head * group, group});
  }
  if (slice.queries && rank >= 2 && rules.given->shape(rank - 2) > 1) {
    rules.given = part_of(*rules.given, {rank - 2, slice.queries->first, slice.queries->count});
  }
}

MultiheadWeights<double> weights_of_heads(const MultiheadWeights<double>& all, const Sizes& sizes, std::size_t group, std::size_t kv) {
  const std::size_t d = sizes.head_dim, dv = sizes.value_dim;
  MultiheadWeights<double> w;
  w.w_q = part_of(all.w_q, {1, kv * group * d, group * d});
  w.b_q = part_of(all.b_q, {0, kv * group * d, group * d});
  w.w_k = part_of(all.w_k, {1, kv * d, d});
  w.b_k = part_of(all.b_k, {0, kv * d, d});
  w.w_v = part_of(all.w_v, {1, kv * dv, dv});
  w.b_v = part_of(all.b_v, {0, kv * dv, dv});
  if (all.bias_k) w.bias_k = part_of(reshaped(*all.bias_k, {all.bias_k->size()}), {0, kv * d, d});
  if (all.bias_v) w.bias_v = part_of(reshaped(*all.bias_v, {all.bias_v->size()}), {0, kv * dv, dv});
  return w;  // no output is mapped from a few heads
}

// Most parts are given what the maps make.
Shared<MultiheadWeights<double>> weights_of_heads(const Problem<double>& whole, std::size_t kv) {
  return Shared<MultiheadWeights<double>>::made_by([all = whole.weights, sizes = whole.sizes, group = group_of(whole), kv] { return weights_of_heads(*all, sizes, group, kv); });
}

void cut_heads(Problem<double>& part, const Problem<double>& whole) {
  const std::size_t group = group_of(whole);
  part.all_heads = whole.all_heads ? whole.all_heads : whole.options.heads;
  part.sizes.heads = part.options.heads = group;
  part.sizes.kv_heads = part.options.kv_heads = 1;
  const auto needs_all_heads = [&](Step step) {
    return step == Step::weights_averaged || (step == Step::output && whole.has(Step::merged));
  };
  part.steps.erase(std::remove_if(part.steps.begin(), part.steps.end(), needs_all_heads), part.steps.end());
}

void cut_queries(Problem<double>& part, const Problem<double>& whole, const Slice& slice) {
  const QueryRange& queries = *slice.queries;
  part.sizes.query_len = queries.count;
  part.sizes.queries_before = whole.sizes.queries_before + queries.first;
  part.sizes.queries_after = whole.sizes.queries_after + whole.sizes.query_len - queries.first - queries.count;
  const auto x = whole.inputs.find(Step::x);
  if (x == whole.inputs.end() || whole.has(Step::memory)) return;
  part.own_memory = true;
  Slice all = slice;
  all.queries.reset();
  part.inputs.emplace(Step::memory, cut<double>(x->second, ranges_of(whole, Step::x, all)));
}

}  // namespace

Slice slice_around(const Problem<double>& problem, Step step, std::size_t at, bool of_heads) {
  Slice slice{0};
  const std::map<Step, Shape> shapes = step_shapes(problem);
  const Shape& shape = shapes.at(step);
  for (const Range& range : ranges_of(problem, step, {0, of_heads ? std::optional<std::size_t>(0) : std::nullopt})) {
    std::size_t stride = 1;
    for (std::size_t axis = range.axis + 1; axis < shape.size(); ++axis) stride *= shape[axis];
    const std::size_t position = stride * shape[range.axis] == 0 ? 0 : at / stride % shape[range.axis];
    const bool batch = range.axis == 0 && shape[0] == problem.sizes.batch && split_axes(step_info(step).axes).front() == "B";
    if (batch) slice.sample = position;
    if (!batch) slice.kv_head = position / range.count;
  }
  if (of_heads && !slice.kv_head) slice.kv_head = 0;
  return slice;
}

Problem<double> problem_of_slice(const Problem<double>& problem, const Slice& slice) {
  Problem<double> part;
  part.sizes = problem.sizes;
  if (slice.sample) part.sizes.batch = 1;
  part.weights = slice.kv_head ? weights_of_heads(problem, *slice.kv_head) : problem.weights;
  part.options = problem.options;
  part.steps = problem.steps;
  part.all_heads = problem.all_heads;
  cut_mask(part.options.attention.mask, slice, group_of(problem));
  if (auto& keep = part.options.attention.dropout_keep) *keep = cut<double>(*keep, ranges_of(problem, Step::weights, slice));
  for (const auto& [step, tensor] : problem.inputs) part.inputs.emplace(step, cut<double>(tensor, ranges_of(problem, step, slice)));
  part.output_shape = problem.output_shape;
  for (const Range& range : ranges_of(problem, Step::output, slice)) part.output_shape[range.axis] = range.count;
  if (slice.kv_head) cut_heads(part, problem);
  if (slice.queries) cut_queries(part, problem, slice);
  return part;
}

Submission submission_of_slice(const Submission& theirs, const Problem<double>& problem, const Slice& slice) {
  const std::map<Step, Shape> shapes = step_shapes(problem);
  Submission part;
  for (const auto& [step, tensor] : theirs.tensors) {
    const bool all_heads = step == Step::weights_averaged || (step == Step::output && problem.has(Step::merged));
    if (shapes.count(step) == 0 || (slice.kv_head && all_heads)) continue;
    if (tensor.shape() != shapes.at(step)) {
      part.tensors.emplace(step, tensor);
    } else {
      part.tensors.emplace(step, cut_to_slice(tensor, problem, step, slice));
    }
  }
  const auto x = theirs.tensors.find(Step::x);
  const bool own_memory = slice.queries && problem.inputs.count(Step::x) > 0 && !problem.has(Step::memory);
  if (own_memory && x != theirs.tensors.end() && x->second.shape() == shapes.at(Step::x)) {
    Slice all = slice;
    all.queries.reset();
    part.tensors.emplace(Step::memory, cut_to_slice(x->second, problem, Step::x, all));
  }
  return part;
}

std::size_t cells_of_slice(const Problem<double>& problem, const Slice& slice) {
  std::size_t cells = 0;
  for (const auto& [step, shape] : step_shapes(problem)) cells += element_count(remainder_of(shape, ranges_of(problem, step, slice)).shape).value_or(0);
  return cells;
}

Slice with_queries_around(const Problem<double>& problem, Slice slice, Step step, std::size_t at, std::size_t cells) {
  if (problem.sizes.query_len == 0) return slice;
  const std::size_t length = problem.sizes.query_len, of_query = std::max<std::size_t>((cells_of_slice(problem, slice) + length - 1) / length, 1);
  const std::size_t count = std::clamp<std::size_t>(cells / of_query, 1, length);
  std::size_t middle = length;  // of a step without queries
  const Shape shape = step_shapes(problem).at(step), index = unravel(at, shape);
  for (const Range& range : ranges_of(problem, step, {std::nullopt, std::nullopt, QueryRange{0, 0}})) {
    if (range.count == 0) middle = index[range.axis];
  }
  slice.queries = QueryRange{std::min(middle - std::min(middle, count / 2), length - count), count};
  return slice;
}

bool has_queries(const Problem<double>& problem, Step step) {
  return !ranges_of(problem, step, {std::nullopt, std::nullopt, QueryRange{0, 1}}).empty();
}

bool has_heads(const Problem<double>& problem, Step step) {
  return !ranges_of(problem, step, {std::nullopt, 0}).empty();
}

StoredTensor cut_to_slice(const StoredTensor& tensor, const Problem<double>& problem, Step step, const Slice& slice) {
  const std::vector<Range> ranges = ranges_of(problem, step, slice);
  const TensorView whole = tensor.view();
  const Remainder remainder = remainder_of(whole.shape(), ranges);
  if (remainder.run == element_count(remainder.shape)) return tensor.part(position_in(whole.shape(), ranges, 0), remainder.shape);
  if (whole.precision() == Precision::float64) return cut<double>(whole, ranges);
  return cut<float>(whole, ranges);
}

template <class T>
void put_slice(Tensor<T>& tensor, const Problem<double>& problem, Step step, const Slice& slice, const Tensor<T>& part) {
  const Shape whole = shape_of(tensor);
  const std::vector<Range> ranges = ranges_of(problem, step, slice);
  const std::size_t run = remainder_of(whole, ranges).run;
  for (std::size_t at = 0; at < part.size(); at += run) std::copy_n(part.data() + at, run, tensor.data() + position_in(whole, ranges, at));
}

template void put_slice(Tensor<float>&, const Problem<double>&, Step, const Slice&, const Tensor<float>&);
template void put_slice(Tensor<double>&, const Problem<double>&, Step, const Slice&, const Tensor<double>&);

std::function<std::size_t(std::size_t)> places_in_whole(const Problem<double>& problem, Step step, const Slice& slice) {
  return [whole = step_shapes(problem).at(step), ranges = ranges_of(problem, step, slice)](std::size_t at) { return position_in(whole, ranges, at); };
}

}  // namespace attn
