// Attention that keeps no step: only the output, computed tile by tile.
//
// The same function as attn/ops/attention.hpp, but never a matrix of Lq × Lk: a panel of queries meets the
// keys one tile after the other, with the softmax made online (softmax.hpp). Memory beside inputs and output
// is a few hundred KiB a thread. Results differ from the reference by rounding, and from one instruction set
// to another; they do not depend on the number of threads.
//
// To read the code, start with the loop (tiles.cpp), then softmax.hpp, then product.hpp.
#pragma once

#include <attn/ops/attention.hpp>
#include <attn/ops/fused/instruction_set.hpp>

#include <cstddef>
#include <optional>

namespace attn {

struct FusedOptions {
  std::size_t threads = 1;                              ///< 0: one for each processor
  std::optional<fused::InstructionSet> instructions{};  ///< empty: the widest this machine has
};

/// q [B, H, Lq, D], k [B, Hk, Ln, D], v [B, Hk, Ln, Dv] give heads [B, H, Lq, Dv]: what `attention` calls
/// heads. All options of `attention` but dropout; `detail` says nothing here. Throws as `attention`;
/// UsageError with dropout, whose mask is a matrix of Lq × Lk, and for an instruction set this machine does
/// not have.
///
/// Degenerate cases as there: no keys or no head width give zeros; masked rows follow their policy; a row
/// with NaN or +inf among its scores is NaN. One thing differs: a value that is not finite at a key whose
/// weight is 0 makes the reference's row NaN (0·inf), while here the key may be left out with its tile.
template <class T>
Tensor<T> fused_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                          const AttentionOptions<T>& options, const FusedOptions& fused = {});

}  // namespace attn
