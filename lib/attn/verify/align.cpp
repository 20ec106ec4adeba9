#include <attn/error.hpp>
#include <attn/path_steps.hpp>
#include <attn/verify/align.hpp>
#include <attn/verify/aliases.hpp>
#include <attn/verify/gradient_names.hpp>
#include <attn/verify/rearrange.hpp>

#include <algorithm>
#include <optional>

namespace attn {
namespace {

// "blocks.0.attn.hook_q" is known by its last part.
std::string last_part(const std::string& name) {
  const std::size_t cut = name.find_last_of("./");
  return cut == std::string::npos ? name : name.substr(cut + 1);
}

bool same_without_ones(const Shape& a, const Shape& b) {
  const auto without_ones = [](Shape shape) {
    shape.erase(std::remove(shape.begin(), shape.end(), std::size_t{1}), shape.end());
    return shape;
  };
  return without_ones(a) == without_ones(b);
}

enum class Change { none, swap_1_2, swap_0_1, reshape };

struct Arrangement {
  Change change;
  const char* axes;  // what it does to their axes, in words
};

// How a tensor of their shape becomes one of ours, by one of the orders of axes in use; empty when none
// gives our shape.
std::optional<Arrangement> arrangement(const Shape& theirs, const Shape& ours, AxisOrder order) {
  const Arrangement heads_first = {Change::swap_1_2, "(B, L, H, D) to (B, H, L, D)"};
  const bool length_first = theirs.size() == 4 && ours.size() == 4 && theirs == Shape{ours[0], ours[2], ours[1], ours[3]};
  if (order == AxisOrder::length_before_heads && length_first) return heads_first;
  if (theirs == ours) return Arrangement{Change::none, ""};
  if (length_first) return heads_first;
  if (ours.size() == 4 && theirs == Shape{ours[0] * ours[1], ours[2], ours[3]}) {
    return Arrangement{Change::reshape, "(B·H, L, D) to (B, H, L, D)"};
  }
  if (ours.size() == 3 && theirs == Shape{ours[1], ours[0], ours[2]}) {
    return Arrangement{Change::swap_0_1, "(L, B, E) to (B, L, E)"};
  }
  if (same_without_ones(theirs, ours)) return Arrangement{Change::reshape, "axes of size 1"};
  return std::nullopt;
}

StoredTensor arranged(StoredTensor theirs, const Shape& ours, Change change) {
  if (change == Change::none) return theirs;
  return std::move(theirs).map([&](auto tensor) {
    switch (change) {
      case Change::swap_1_2: return swap_axes(tensor, 1, 2);
      case Change::swap_0_1: return swap_axes(tensor, 0, 1);
      case Change::reshape: return reshaped(std::move(tensor), ours);
      case Change::none: break;
    }
    return tensor;
  });
}

// Where the empty cells are once the axes stand in our order: marks that take the same way.
std::vector<std::size_t> places_after(const Shape& theirs, const std::vector<std::size_t>& unfilled, const Shape& ours, Change change) {
  Tensor<double> marks = filled<double>(theirs, 0.0);
  for (const std::size_t i : unfilled) marks.data()[i] = 1;
  Tensor<double> copy;
  const StoredTensor moved = arranged(std::move(marks), ours, change);
  const Tensor<double>& moved_marks = moved.widened(copy);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < moved_marks.size(); ++i) {
    if (moved_marks.data()[i] == 1) places.push_back(i);
  }
  return places;
}

class Aligner {
 public:
  Aligner(std::vector<ForeignTensor> theirs, const std::map<Step, Shape>& ours) : theirs_(std::move(theirs)), ours_(ours) {
    taken_.resize(theirs_.size(), false);
  }

  void by_map(const NameMap& map) {
    for (const auto& [their_name, our_name] : map) {
      const std::optional<Step> step = named(our_name);
      if (!step) throw UsageError("--map " + their_name + "=" + our_name, "this run has no step '" + our_name + "'");
      const auto found = std::find_if(theirs_.begin(), theirs_.end(), [&](const ForeignTensor& t) { return t.name == their_name; });
      if (found == theirs_.end()) throw UsageError("--map " + their_name + "=" + our_name, "the file has no tensor '" + their_name + "'");
      if (!free(*step)) throw UsageError("--map " + their_name + "=" + our_name, "'" + our_name + "' is mapped twice");
      take(static_cast<std::size_t>(found - theirs_.begin()), *step, "map", AxisOrder::ours);
    }
  }

  void by_name() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (taken_[i]) continue;
      const std::optional<Step> step = named_by_end(theirs_[i].name);
      if (!step || !free(*step)) continue;
      if (!theirs_[i].unnamed) take(i, *step, "name", AxisOrder::ours);
      // What a run is given may have any file's name, and any file its shape.
      if (theirs_[i].unnamed && step_info(base_of(*step)).kind != StepKind::input) take_if_it_fits(i, step, AxisOrder::ours, "file");
    }
  }

  void by_default() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (taken_[i] || !theirs_[i].unnamed) continue;
      const auto may_be = [&](const auto& ours) { return free(ours.first) && ours.second == theirs_[i].tensor.shape(); };
      const bool only_one = std::count_if(ours_.begin(), ours_.end(), may_be) < 2;
      take_if_it_fits(i, theirs_[i].unnamed, AxisOrder::ours, only_one ? "name" : "default");
    }
  }

  void by_default_of_another_shape() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      const std::optional<Step> step = theirs_[i].unnamed;
      if (!taken_[i] && step && free(*step)) take(i, *step, "default", AxisOrder::ours);
    }
  }

  void by_alias() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      for (const Alias& alias : aliases) {
        if (taken_[i] || alias.name != last_part(theirs_[i].name)) continue;
        // In a layer these are the names of self-attention.
        const std::optional<Step> step = ours_.count(alias.step) ? alias.step : in_block(Block::self, alias.step);
        take_if_it_fits(i, step, alias.order, "alias");
      }
      for (const LayerAlias& alias : layer_aliases) {
        const std::optional<Step> step = in_block(alias.block, alias.step);
        if (taken_[i] || alias.name != last_part(theirs_[i].name) || !step) continue;
        take_if_it_fits(i, step, AxisOrder::ours, "alias");
        break;
      }
    }
  }

  // Of a map also with its axes as PyTorch keeps them, (out, in).
  void by_gradient_name() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      for (const std::string& name : our_gradient_names(theirs_[i].name)) {
        const std::optional<Step> step = named(name);
        const Shape shape = theirs_[i].tensor.shape();
        if (taken_[i] || !step || !free(*step)) continue;
        if (shape == ours_.at(*step) || Shape(shape.rbegin(), shape.rend()) == ours_.at(*step)) take(i, *step, "alias", AxisOrder::ours);
      }
    }
  }

  void by_unique_shape() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (taken_[i]) continue;
      const Shape shape = theirs_[i].tensor.shape();
      std::size_t same_shape = 0;
      for (std::size_t other = 0; other < theirs_.size(); ++other) {
        same_shape += !taken_[other] && theirs_[other].tensor.shape() == shape;
      }
      std::vector<Step> candidates;
      for (const auto& [step, our_shape] : ours_) {
        if (free(step) && our_shape == shape) candidates.push_back(step);
      }
      if (same_shape == 1 && candidates.size() == 1) take(i, candidates.front(), "shape", AxisOrder::ours);
    }
  }

  Submission finish() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      if (!taken_[i]) result_.unmatched.push_back(theirs_[i].name);
    }
    return std::move(result_);
  }

 private:
  // The step of this run with that name: of the table, or the path of a step of a layer.
  std::optional<Step> named(const std::string& name) const {
    for (const auto& [step, shape] : ours_) {
      if (name_of(step) == name) return step;
    }
    return std::nullopt;
  }

  // The step with that name, or with the longest end of it that is one: "model.encoder.0.x".
  std::optional<Step> named_by_end(const std::string& name) const {
    for (std::size_t from = 0; from < name.size(); ++from) {
      const bool begins = from == 0 || name[from - 1] == '.' || name[from - 1] == '/';
      if (const auto step = begins ? named(name.substr(from)) : std::nullopt) return step;
    }
    return std::nullopt;
  }

  // The step of this kind in that block, if the run is one of a layer that has it.
  std::optional<Step> in_block(Block block, Step base) const {
    for (const auto& [step, shape] : ours_) {
      if (path_above(step).empty() && place_of(step) && place_of(step)->block == block && base_of(step) == base) return step;
    }
    return std::nullopt;
  }

  // An alias is a hint: a tensor that cannot be this step is left to its shape.
  void take_if_it_fits(std::size_t i, std::optional<Step> step, AxisOrder order, const char* how) {
    if (step && free(*step) && arrangement(theirs_[i].tensor.shape(), ours_.at(*step), order)) take(i, *step, how, order);
  }

  bool free(Step step) const { return ours_.count(step) > 0 && result_.tensors.count(step) == 0; }

  void take(std::size_t i, Step step, const char* how, AxisOrder order) {
    taken_[i] = true;
    StoredTensor& theirs = theirs_[i].tensor;
    const std::vector<std::size_t>& unfilled = theirs_[i].unfilled;
    const auto fitted = arrangement(theirs.shape(), ours_.at(step), order);
    const Change change = fitted ? fitted->change : Change::none;
    if (!unfilled.empty()) result_.unfilled.emplace(step, places_after(theirs.shape(), unfilled, ours_.at(step), change));
    result_.alignments.push_back({step, theirs_[i].name, how, fitted ? fitted->axes : ""});
    result_.tensors.emplace(step, arranged(std::move(theirs), ours_.at(step), change));
  }

  std::vector<ForeignTensor> theirs_;
  const std::map<Step, Shape>& ours_;
  std::vector<bool> taken_;
  Submission result_;
};

}  // namespace

Submission align(std::vector<ForeignTensor> theirs, const std::map<Step, Shape>& ours, const NameMap& map) {
  Aligner aligner(std::move(theirs), ours);
  aligner.by_map(map);
  aligner.by_name();
  aligner.by_alias();
  aligner.by_gradient_name();
  aligner.by_default();
  aligner.by_unique_shape();
  aligner.by_default_of_another_shape();
  return aligner.finish();
}

std::map<Step, Tensor<double>> widened(const std::map<Step, StoredTensor>& stored, std::optional<Step> last) {
  std::map<Step, Tensor<double>> tensors;
  for (const auto& [step, tensor] : stored) {
    if (!last || step <= *last) tensors.emplace(step, tensor.in<double>());
  }
  return tensors;
}

}  // namespace attn
