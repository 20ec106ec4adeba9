#include <attn/layer_steps.hpp>
#include <attn/path_steps.hpp>

namespace attn {
namespace {

// Steps of the table keep their numbers below `room`; a place adds a multiple of it, so that the numbers of
// a layer's steps grow in the order of computation.
constexpr int room = 256;
constexpr int parts = 4;
constexpr int blocks = 3;
constexpr int places = blocks * parts;

int number_of(LayerPlace place) { return static_cast<int>(place.block) * parts + static_cast<int>(place.part) + 1; }

}  // namespace

Step at_place(LayerPlace place, Step step) {
  return static_cast<Step>(number_of(place) * room + static_cast<int>(step));
}

LayerPart part_of(Step step, bool norm_first) {
  if (step == Step::shortcut || step == Step::residual) return LayerPart::sum;
  const bool norm = step >= Step::norm_mean && step <= Step::norm;
  if (!norm) return LayerPart::sublayer;
  return norm_first ? LayerPart::norm_before : LayerPart::norm_after;
}

Step layer_output() { return static_cast<Step>((places + 1) * room + static_cast<int>(Step::output)); }

std::optional<LayerPlace> place_of(Step step) {
  const int place = static_cast<int>(without_path(step)) / room - 1;
  if (place < 0 || place >= places) return std::nullopt;
  return LayerPlace{static_cast<Block>(place / parts), static_cast<LayerPart>(place % parts)};
}

Step base_of(Step step) { return static_cast<Step>(static_cast<int>(step) % room); }

}  // namespace attn
