// Threads that share a number of independent pieces of work.
#pragma once

#include <cstddef>
#include <functional>

namespace attn {

/// How many workers to use: `threads` (0: one for each processor), but no more than there are pieces.
std::size_t worker_count(std::size_t threads, std::size_t pieces);

/// Calls work(piece, worker) once for every piece 0 … pieces − 1, begun in ascending order; worker is below
/// `workers` and never runs two pieces at once. The calling thread is worker 0. If the system refuses a
/// thread, those there are do all the work. What `work` throws reaches the caller, once no thread works any
/// more; pieces that nobody had begun by then are left out, and of several exceptions the first one counts.
void for_each_piece(std::size_t pieces, std::size_t workers,
                    const std::function<void(std::size_t piece, std::size_t worker)>& work);

}  // namespace attn
