// Tensors that were moved and not computed (weights in another layout, a mask for another API), held against
// somebody's: by name, exactly, with the mistakes that can be made in moving.
#pragma once

#include <attn/verify/align.hpp>
#include <attn/verify/compare.hpp>
#include <attn/verify/verification.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attn {

/// One of ours, under the name it must have.
struct MovedTensor {
  std::string name;
  Tensor<double> tensor;
  std::optional<std::size_t> packed_axis{};  ///< of q, k and v side by side; empty: not packed
};

/// What somebody else may have moved instead: the wrong tensor for ours[index], or nothing where the mistake
/// cannot be made there.
struct MovedMistake {
  std::string id;       ///< of the catalogue: "P4"
  std::string variant;  ///< "[H, 3, D]"
  std::function<std::optional<Tensor<double>>(const std::vector<MovedTensor>& ours, std::size_t index)> apply;
};

struct MovedVerdict {
  std::string name;
  Difference difference;  ///< status `missing` when they have no tensor of that name
  Shape ours, theirs;
};

struct MovedDiagnosis {
  std::string id, variant;
  std::string name;  ///< of the tensor it explains
};

struct MovedVerification {
  Verdict verdict = Verdict::incomparable;
  std::optional<std::string> first_divergent;
  std::vector<MovedVerdict> tensors;       ///< one for each of ours, in order
  std::vector<MovedDiagnosis> diagnosis;   ///< of every tensor that differs, in order
  std::vector<BlindSpot> blind_spots;      ///< on a match
  std::vector<std::string> unmatched;      ///< their names that ours do not have
};

/// A tensor that is missing is a mismatch, unless nothing of theirs has a name of ours: that is incomparable.
/// Never throws for what they hold.
MovedVerification verify_moved(const std::vector<MovedTensor>& ours, const std::vector<ForeignTensor>& theirs,
                               const std::vector<MovedMistake>& mistakes, const Tolerance& tolerance);

/// A matrix transposed (P1), one of q, k, v for another (P2), packed parts in another order (P4).
std::vector<MovedMistake> weight_mistakes(std::size_t heads);

/// How a mask of an API is stored, as far as it can be mistaken.
struct MaskForm {
  bool additive = false;           ///< 0 and −inf instead of 0 and 1
  std::size_t folded_heads = 0;    ///< H of a first axis B·H; 0: none
  bool batched = false;            ///< the first axis is the batch
};

/// Polarity (M1), order of B·H (M12), queries and keys exchanged (M16), sample 0 for all (S4).
std::vector<MovedMistake> mask_mistakes(const MaskForm& form);

}  // namespace attn
