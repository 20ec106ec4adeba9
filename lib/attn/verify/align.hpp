// Which tensor of a submission is which step of ours, and in which order its axes stand.
#pragma once

#include <attn/verify/problem.hpp>
#include <attn/verify/stored_tensor.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace attn {

/// A tensor somebody handed in, under their own name.
struct ForeignTensor {
  std::string name;
  StoredTensor tensor;
  std::vector<std::size_t> unfilled{};  ///< row-major positions of cells that were left empty, ascending
  /// Of an array without a name, which has that of its file: the step it is where that says nothing.
  std::optional<Step> unnamed{};
  bool truth_values = false;  ///< true and false, or whole numbers, which a mask may have for them
};

/// How one of their tensors became one of our steps.
struct Alignment {
  Step step;
  std::string theirs;      ///< their name
  std::string how;         ///< "name", "file", "alias", "map", "shape" or "default"
  std::string axes;        ///< what was done to their axes; empty: nothing
};

/// One of their tensors that was not compared.
struct Unmatched {
  enum class Why {
    no_step,       ///< it stands for no step of this run
    same_shape,    ///< so it says, but `steps` have its shape
    taken,         ///< it has another name of a step, `steps`, that another tensor was taken for
    truth_values,  ///< a mask that does not say whether true means that a key may be attended to, or may not
  };
  std::string name;
  Why why = Why::no_step;
  std::vector<Step> steps{};
};

/// A submission in our names and our order of axes. A tensor whose shape fits no known order of axes
/// keeps its own shape, and the comparison says so.
struct Submission {
  std::map<Step, StoredTensor> tensors;
  std::vector<Alignment> alignments;
  std::vector<Unmatched> unmatched;
  std::map<Step, std::vector<std::size_t>> unfilled{};  ///< cells of a worksheet left empty, in our order of axes
};

/// Pairs of their name and our step name, from --map.
using NameMap = std::vector<std::pair<std::string, std::string>>;

/// Aligns by --map, then by our own names, then by names other systems use, then by a shape that only
/// one step of the run and only one of their tensors has. The name of a file counts for an array that has none where
/// the shape fits; else the array is the step that it is said to be, unless others have its shape. A score of -10000 or
/// less under another system's name of scores before the mask says that they are those after it. `ours` gives the shape of
/// every step.
/// Throws UsageError for a map that names an unknown step or a tensor that is not there.
Submission align(std::vector<ForeignTensor> theirs, const std::map<Step, Shape>& ours, const NameMap& map);

/// Tensors that were handed in, in float64; of the steps up to the `last` one, or of all.
std::map<Step, Tensor<double>> widened(const std::map<Step, StoredTensor>& stored, std::optional<Step> last = {});

}  // namespace attn
