#include <attn/verify/padding.hpp>

namespace attn {
namespace {

// Fills every cell of sample b for which is_padding(cell, lens[b]).
template <class F>
bool fill(Tensor<double>& tensor, const std::vector<std::size_t>& lens, const Tensor<double>* theirs, F&& is_padding) {
  if (lens.empty() || tensor.dimension() < 3 || tensor.size() == 0 || lens.size() != tensor.shape(0)) return false;
  if (theirs && shape_of(*theirs) != shape_of(tensor)) return false;
  const std::size_t sample = tensor.size() / lens.size();
  bool any = false;
  for (std::size_t cell = 0; cell < tensor.size(); ++cell) {
    if (!is_padding(cell, lens[cell / sample])) continue;
    any = true;
    tensor.data()[cell] = theirs ? theirs->data()[cell] : 0;
  }
  return any;
}

}  // namespace

bool fill_padded_rows(Tensor<double>& tensor, const std::vector<std::size_t>& lens, std::size_t first, const Tensor<double>* theirs) {
  if (tensor.dimension() < 3) return false;
  const std::size_t width = tensor.shape().back(), length = tensor.shape(tensor.dimension() - 2);
  return fill(tensor, lens, theirs, [=](std::size_t cell, std::size_t valid) { return first + cell / width % length >= valid; });
}

bool fill_padded_columns(Tensor<double>& tensor, const std::vector<std::size_t>& lens, const Tensor<double>* theirs) {
  if (tensor.dimension() < 3) return false;
  const std::size_t width = tensor.shape().back();
  return fill(tensor, lens, theirs, [=](std::size_t cell, std::size_t valid) { return cell % width >= valid; });
}

}  // namespace attn
