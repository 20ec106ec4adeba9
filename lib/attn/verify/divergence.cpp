#include <attn/verify/divergence.hpp>

namespace attn {

const Tensor<double>& counting(const Divergence& d, Step step, const Tensor<double>& tensor, std::optional<Tensor<double>>& room) {
  if (d.padding == Padding::counts) return tensor;
  room = with_padding_of(d.problem, step, tensor, &d.ours.at(step));
  return room ? *room : tensor;
}

bool fits(const Divergence& d, Step step, const Tensor<double>& tensor) {
  return d.ours.count(step) > 0 && shape_of(d.ours.at(step)) == shape_of(tensor);
}

bool is_known(const Divergence& d, Step step) {
  const auto found = d.theirs.find(step);
  return found != d.theirs.end() && fits(d, step, found->second);
}

Step first_difference(const Divergence& d) {
  for (const auto& [step, tensor] : d.theirs) {
    if (step >= d.step) break;
    const auto tolerance = d.tolerances.find(step);
    if (!fits(d, step, tensor) || tolerance == d.tolerances.end() || !agree(d.ours.at(step), tensor, tolerance->second)) return step;
  }
  return d.step;
}

}  // namespace attn
