#include <attn/ops/fused/tiles.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace attn::fused {
namespace {

// queries [columns, D] times scale, transposed; the columns that pad the panel are zeros.
template <class T>
void pack_queries(const T* queries, std::size_t count, std::size_t head_dim, T scale, T* packed,
                  std::size_t columns) {
  for (std::size_t d = 0; d < head_dim; ++d) {
    T* const row = packed + d * columns;
    for (std::size_t i = 0; i < count; ++i) row[i] = queries[i * head_dim + d] * scale;
    std::fill(row + count, row + columns, T{0});
  }
}

// The mean of all values: what equal weights give.
template <class T>
void write_mean(const Head<T>& head, const Sizes& sizes, T* output) {
  const T weight = 1 / static_cast<T>(sizes.key_len);
  std::fill(output, output + sizes.value_dim, T{0});
  for (const Stretch<T>& stretch : head.stretches) {
    for (std::size_t j = 0; j < stretch.positions.size(); ++j) {
      const T* const value = stretch.values + j * sizes.value_dim;
      for (std::size_t d = 0; d < sizes.value_dim; ++d) output[d] += weight * value[d];
    }
  }
}

template <class T>
void write_masked_row(MaskedRows policy, const Head<T>& head, const Sizes& sizes, T* output) {
  if (policy == MaskedRows::uniform) return write_mean(head, sizes, output);
  const T each = policy == MaskedRows::zero ? T{0} : std::numeric_limits<T>::quiet_NaN();
  std::fill(output, output + sizes.value_dim, each);
}

// Everything as before the first key.
template <class T>
void start(Workspace<T>& w, const Sizes& sizes, std::size_t columns) {
  std::fill(w.sums, w.sums + sizes.value_dim * columns, T{0});
  std::fill(w.rows.max, w.rows.max + columns, -std::numeric_limits<T>::infinity());
  std::fill(w.rows.sum, w.rows.sum + columns, T{0});
  w.seen.fill(false);
}

// The sums divided by the sums of weights, row by row again.
template <class T>
void write_output(const Rules<T>& rules, const Head<T>& head, const Range& queries, std::size_t columns,
                  const Workspace<T>& w) {
  const std::size_t value_dim = rules.sizes.value_dim;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    T* const output = head.output + (queries.begin + i) * value_dim;
    if (rules.masked_rows && !w.seen[i]) {
      write_masked_row(*rules.masked_rows, head, rules.sizes, output);
      continue;
    }
    for (std::size_t d = 0; d < value_dim; ++d) output[d] = w.sums[d * columns + i] / w.rows.sum[i];
  }
}

}  // namespace

template <class T>
Workspace<T>::Workspace(const Sizes& sizes) {
  constexpr std::size_t line = 64 / sizeof(T);  // of a cache, and the widest register
  storage.resize((sizes.head_dim + tile_keys + sizes.value_dim + 3) * panel_queries + line);
  const std::size_t past_line = reinterpret_cast<std::uintptr_t>(storage.data()) % 64 / sizeof(T);
  queries = storage.data() + (line - past_line) % line;
  scores = queries + sizes.head_dim * panel_queries;
  sums = scores + tile_keys * panel_queries;
  T* const rows_begin = sums + sizes.value_dim * panel_queries;
  rows = {rows_begin, rows_begin + panel_queries, rows_begin + 2 * panel_queries};
}

template <class T>
void attend(const Kernel<T>& kernel, const Rules<T>& rules, const Head<T>& head, const Range& queries,
            Workspace<T>& w) {
  const std::size_t head_dim = rules.sizes.head_dim, value_dim = rules.sizes.value_dim;
  const std::size_t columns = (queries.size() + kernel.lanes - 1) / kernel.lanes * kernel.lanes;
  start(w, rules.sizes, columns);
  pack_queries(head.queries + queries.begin * head_dim, queries.size(), head_dim, rules.scale, w.queries,
               columns);
  for (const Range& visible : head.visibility.keys_for(queries)) {
    for (const Stretch<T>& stretch : head.stretches) {
      const Range part = overlap(visible, stretch.positions);
      for (std::size_t begin = part.begin; begin < part.end; begin += tile_keys) {
        const Range tile = {begin, std::min(begin + tile_keys, part.end)};
        const std::size_t first = begin - stretch.positions.begin;
        // 1. Scores, capped and masked.
        kernel.scores(stretch.keys + first * head_dim, tile.size(), head_dim, w.queries, columns, w.scores);
        if (rules.softcap) kernel.cap(w.scores, tile.size() * columns, *rules.softcap);
        head.visibility.apply({w.scores, columns, tile, queries}, w.seen.data());
        // 2. Weights, under the maximum so far.
        kernel.softmax(w.scores, tile.size(), columns, w.rows);
        // 3. Values, weighted and added up.
        kernel.values(stretch.values + first * value_dim, tile.size(), value_dim, w.scores, columns,
                      w.rows.factor, w.sums);
      }
    }
  }
  write_output(rules, head, queries, columns, w);
}

template struct Workspace<float>;
template struct Workspace<double>;
template void attend(const Kernel<float>&, const Rules<float>&, const Head<float>&, const Range&,
                     Workspace<float>&);
template void attend(const Kernel<double>&, const Rules<double>&, const Head<double>&, const Range&,
                     Workspace<double>&);

}  // namespace attn::fused
