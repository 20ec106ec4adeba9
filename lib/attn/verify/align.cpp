#include <attn/error.hpp>
#include <attn/path_steps.hpp>
#include <attn/verify/align.hpp>
#include <attn/verify/aliases.hpp>
#include <attn/verify/arrangement.hpp>
#include <attn/verify/gradient_names.hpp>

#include <algorithm>
#include <optional>

namespace attn {
namespace {

// "blocks.0.attn.hook_q" is known by its last part.
std::string last_part(const std::string& name) {
  const std::size_t cut = name.find_last_of("./");
  return cut == std::string::npos ? name : name.substr(cut + 1);
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
      if (!step || !free(*step) || is_mask_of_truth(i, *step)) continue;
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
      if (!taken_[i] && step && free(*step) && steps_of_its_shape(i).empty()) take(i, *step, "default", AxisOrder::ours);
    }
  }

  void by_alias() {
    for (std::size_t i = 0; i < theirs_.size(); ++i) {
      for (const Alias& alias : aliases) {
        if (taken_[i] || alias.name != last_part(theirs_[i].name)) continue;
        // In a layer these are the names of self-attention.
        take_if_it_fits(i, after_mask_if_masked(i, step_of(alias)), alias.order, "alias");
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
      if (!taken_[i]) result_.unmatched.push_back(unmatched(i));
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

  // In a layer these are the names of self-attention.
  std::optional<Step> step_of(const Alias& alias) const {
    return ours_.count(alias.step) ? alias.step : in_block(Block::self, alias.step);
  }

  // Many programs keep one name for scores before and after they are masked in place. Few scores, if any,
  // come near -10000 by themselves.
  std::optional<Step> after_mask_if_masked(std::size_t i, std::optional<Step> step) const {
    if (!step || (base_of(*step) != Step::scores_raw && base_of(*step) != Step::scores_scaled)) return step;
    const TensorView scores = theirs_[i].tensor.view();
    std::size_t hidden = 0;
    for (std::size_t at = 0; at < scores.size(); ++at) hidden += scores[at] <= -1e4;
    if (hidden == 0 || 200 * hidden < scores.size()) return step;
    const std::optional<LayerPlace> place = place_of(*step);
    const std::optional<Step> masked = place ? in_block(place->block, Step::scores_masked) : Step::scores_masked;
    return masked && ours_.count(*masked) > 0 ? masked : step;
  }

  std::optional<Arrangement> fitted(std::size_t i, Step step, AxisOrder order) const {
    const Shape shape = theirs_[i].tensor.shape();
    return base_of(step) == Step::mask ? arrangement_of_mask(shape, ours_.at(step)) : arrangement(shape, ours_.at(step), order);
  }

  bool is_mask_of_truth(std::size_t i, Step step) const { return base_of(step) == Step::mask && theirs_[i].truth_values; }

  // An alias is a hint: a tensor that cannot be this step is left to its shape.
  void take_if_it_fits(std::size_t i, std::optional<Step> step, AxisOrder order, const char* how) {
    if (step && free(*step) && !is_mask_of_truth(i, *step) && fitted(i, *step, order)) take(i, *step, how, order);
  }

  // Of what is computed and was not taken.
  std::vector<Step> steps_of_its_shape(std::size_t i) const {
    std::vector<Step> steps;
    for (const auto& [step, shape] : ours_) {
      const bool may_be = free(step) && step_info(base_of(step)).kind != StepKind::input && !is_mask_of_truth(i, step);
      if (may_be && arrangement(theirs_[i].tensor.shape(), shape, AxisOrder::ours)) steps.push_back(step);
    }
    return steps;
  }

  Unmatched unmatched(std::size_t i) const {
    const std::string& name = theirs_[i].name;
    std::optional<Step> said = named_by_end(name);
    for (const Alias& alias : aliases) {
      if (!said && alias.name == last_part(name)) said = after_mask_if_masked(i, step_of(alias));
    }
    for (const LayerAlias& alias : layer_aliases) {
      if (!said && alias.name == last_part(name)) said = in_block(alias.block, alias.step);
    }
    if (said && is_mask_of_truth(i, *said)) return {name, Unmatched::Why::truth_values, {*said}};
    if (said && ours_.count(*said) && !free(*said)) return {name, Unmatched::Why::taken, {*said}};
    std::vector<Step> steps = steps_of_its_shape(i);
    const Unmatched::Why why = steps.empty() ? Unmatched::Why::no_step : Unmatched::Why::same_shape;
    return {name, why, std::move(steps)};
  }

  bool free(Step step) const { return ours_.count(step) > 0 && result_.tensors.count(step) == 0; }

  void take(std::size_t i, Step step, const char* how, AxisOrder order) {
    taken_[i] = true;
    StoredTensor& theirs = theirs_[i].tensor;
    const std::vector<std::size_t>& unfilled = theirs_[i].unfilled;
    const auto [change, axes] = fitted(i, step, order).value_or(Arrangement());
    if (!unfilled.empty()) result_.unfilled.emplace(step, places_after(theirs.shape(), unfilled, ours_.at(step), change));
    result_.alignments.push_back({step, theirs_[i].name, how, axes});
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
