#include <attn/weights/convert.hpp>

#include <attn/error.hpp>
#include <attn/transpose.hpp>
#include <attn/weights/names.hpp>

#include <algorithm>

namespace attn {
namespace {

template <class T>
std::optional<Tensor<T>>& parameter(MultiheadWeights<T>& weights, Step step) {
  switch (step) {
    case Step::w_q:
      return weights.w_q;
    case Step::b_q:
      return weights.b_q;
    case Step::w_k:
      return weights.w_k;
    case Step::b_k:
      return weights.b_k;
    case Step::w_v:
      return weights.w_v;
    case Step::b_v:
      return weights.b_v;
    case Step::bias_k:
      return weights.bias_k;
    case Step::bias_v:
      return weights.bias_v;
    case Step::w_o:
      return weights.w_o;
    case Step::b_o:
      return weights.b_o;
    default:
      throw std::invalid_argument("step " + std::string(name_of(step)) + " is not a parameter");
  }
}

/// Turns a matrix from the row's orientation into the canonical one, or back. A vector, or a matrix whose
/// heads are an axis of their own, has its elements in canonical order already.
template <class T>
Tensor<T> turned(const Tensor<T>& tensor, Orientation orientation, const Shape& shape) {
  if (tensor.dimension() == 2 && shape.size() == 2 && orientation == Orientation::out_in) return transposed(tensor);
  return reshaped(tensor, shape);
}

/// [in, H·D] from [H, in, D].
template <class T>
Tensor<T> heads_to_columns(const Tensor<T>& tensor) {
  const std::size_t heads = tensor.shape()[0], inputs = tensor.shape()[1], size = tensor.shape()[2];
  Tensor<T> matrix = empty<T>({inputs, heads * size});
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t d = 0; d < size; ++d) matrix(i, h * size + d) = tensor(h, i, d);
    }
  }
  return matrix;
}

/// [H, in, D] from [in, H·D].
template <class T>
Tensor<T> columns_to_heads(const Tensor<T>& matrix, const Shape& shape) {
  Tensor<T> tensor = empty<T>(shape);
  for (std::size_t h = 0; h < shape[0]; ++h) {
    for (std::size_t i = 0; i < shape[1]; ++i) {
      for (std::size_t d = 0; d < shape[2]; ++d) tensor(h, i, d) = matrix(i, h * shape[2] + d);
    }
  }
  return tensor;
}

/// The canonical matrix of a map that every head applies to its own part of the input.
template <class T>
Tensor<T> block_diagonal(const Tensor<T>& block, std::size_t heads) {
  const std::size_t size = block.shape()[0];
  Tensor<T> matrix = filled({heads * size, heads * size}, T{0});
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) matrix(h * size + i, h * size + j) = block(i, j);
    }
  }
  return matrix;
}

/// The one block of a block-diagonal matrix; empty if the blocks differ or something lies beside them.
template <class T>
std::optional<Tensor<T>> common_block(const Tensor<T>& matrix, std::size_t heads) {
  const std::size_t size = matrix.shape()[0] / heads;
  Tensor<T> block = empty<T>({size, size});
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) block(i, j) = matrix(i, j);
  }
  if (block_diagonal(block, heads) != matrix) return std::nullopt;
  return block;
}

template <class T>
Tensor<T> row_range(const Tensor<T>& tensor, std::size_t first, std::size_t count) {
  Shape shape = shape_of(tensor);
  const std::size_t row_size = tensor.size() / shape[0];
  shape[0] = count;
  Tensor<T> part = empty<T>(shape);
  std::copy_n(tensor.data() + first * row_size, count * row_size, part.data());
  return part;
}

template <class T>
Tensor<T> column_range(const Tensor<T>& tensor, std::size_t first, std::size_t count) {
  if (tensor.dimension() == 1) return row_range(tensor, first, count);
  Tensor<T> part = empty<T>({tensor.shape()[0], count});
  for (std::size_t i = 0; i < tensor.shape()[0]; ++i) {
    for (std::size_t j = 0; j < count; ++j) part(i, j) = tensor(i, first + j);
  }
  return part;
}

/// Reads one foreign tensor into the canonical parameters it feeds.
template <class T>
void unpack(const LayoutRow& row, const Tensor<T>& tensor, const Sizes& sizes, MultiheadWeights<T>& weights) {
  const auto canonical = [&](Step step) { return shape_of_axes(step_info(step).axes, sizes); };
  const std::size_t parts = row.feeds.size();
  for (std::size_t i = 0; i < parts; ++i) {
    const Step step = row.feeds[i];
    std::optional<Tensor<T>>& target = parameter(weights, step);
    switch (row.packing) {
      case Packing::whole:
        target = turned(tensor, row.orientation, canonical(step));
        break;
      case Packing::shared_by_heads:
        target = block_diagonal(turned(tensor, row.orientation, shape_of(tensor)), sizes.heads);
        break;
      case Packing::heads_first:
        target = heads_to_columns(tensor);
        break;
      case Packing::stacked_qkv: {
        const std::size_t each = tensor.shape()[0] / parts;
        target = turned(row_range(tensor, i * each, each), row.orientation, canonical(step));
        break;
      }
      case Packing::side_by_side_qkv: {
        const std::size_t each = shape_of(tensor).back() / parts;
        target = column_range(tensor, i * each, each);
        break;
      }
    }
  }
}

/// A parameter of the expected canonical shape, or InputError.
template <class T>
const Tensor<T>& require_parameter(MultiheadWeights<T>& weights, Step step, const Sizes& sizes,
                                   const LayoutInfo& layout, const std::string& subject) {
  const std::optional<Tensor<T>>& tensor = parameter(weights, step);
  const std::string what = "parameter " + std::string(name_of(step));
  if (!tensor)
    throw InputError(subject, what + " is absent, layout " + std::string(layout.name) + " needs it");
  const Shape expected = shape_of_axes(step_info(step).axes, sizes);
  if (shape_of(*tensor) != expected) {
    throw InputError(
        subject, what + " has shape " + to_string(shape_of(*tensor)) + ", expected " + to_string(expected));
  }
  return *tensor;
}

/// Writes the canonical parameters that one foreign tensor holds.
template <class T>
Tensor<T> packed(const ExpectedTensor& expected, const Sizes& sizes, const LayoutInfo& layout,
                 MultiheadWeights<T>& weights, const std::string& subject) {
  const LayoutRow& row = *expected.row;
  Tensor<T> result = empty<T>(expected.shape);
  auto out = result.begin();
  std::size_t first_column = 0;
  for (const Step step : row.feeds) {
    Tensor<T> canonical = require_parameter(weights, step, sizes, layout, subject);
    if (row.packing == Packing::shared_by_heads) {
      std::optional<Tensor<T>> block = common_block(canonical, sizes.heads);
      if (!block) {
        throw InputError(subject, "parameter " + std::string(name_of(step)) +
                                      " is not one block repeated for every head, as layout " +
                                      std::string(layout.name) + " needs it");
      }
      canonical = *std::move(block);
    }
    if (row.packing == Packing::heads_first) return columns_to_heads(canonical, expected.shape);
    if (row.packing == Packing::side_by_side_qkv && expected.shape.size() == 2) {
      for (std::size_t i = 0; i < expected.shape[0]; ++i) {
        for (std::size_t j = 0; j < canonical.shape()[1]; ++j) result(i, first_column + j) = canonical(i, j);
      }
      first_column += canonical.shape()[1];
      continue;
    }
    const Tensor<T> foreign = turned(canonical, row.orientation, shape_of(canonical));
    out = std::copy(foreign.begin(), foreign.end(), out);
  }
  return result;
}

}  // namespace

template <class T>
MultiheadWeights<T> to_canonical(const LayoutInfo& layout, const MultiheadShape& shape,
                                 const std::vector<NamedTensor<T>>& tensors, const std::string& subject) {
  const MultiheadShape full = resolved(layout, shape);
  require_exact_tensors(layout, full, names_of(tensors), subject);
  MultiheadWeights<T> weights;
  for (const ExpectedTensor& expected : expected_tensors(layout, full)) {
    const auto named = std::find_if(tensors.begin(), tensors.end(), [&expected](const NamedTensor<T>& each) {
      return each.name == expected.row->name;
    });
    if (shape_of(named->tensor) != expected.shape) {
      throw InputError(subject, "tensor " + named->name + " has shape " + to_string(shape_of(named->tensor)) +
                                    ", layout " + std::string(layout.name) + " with d_model " +
                                    std::to_string(full.d_model) + " and " + std::to_string(full.heads) +
                                    " heads expects " + to_string(expected.shape) + " = (" +
                                    std::string(expected.row->axes) + ")");
    }
    unpack(*expected.row, named->tensor, sizes_of(full), weights);
  }
  return weights;
}

template <class T>
std::vector<NamedTensor<T>> from_canonical(const LayoutInfo& layout, const MultiheadShape& shape,
                                           const MultiheadWeights<T>& weights, const std::string& subject) {
  const MultiheadShape full = resolved(layout, shape);
  MultiheadWeights<T> left = weights;  // what no tensor has taken yet
  std::vector<NamedTensor<T>> tensors;
  for (const ExpectedTensor& expected : expected_tensors(layout, full)) {
    tensors.push_back(
        {std::string(expected.row->name), packed(expected, sizes_of(full), layout, left, subject)});
    for (const Step step : expected.row->feeds) parameter(left, step).reset();
  }
  visit(left, [&](Step step, const Tensor<T>&) {
    throw InputError(subject, "parameter " + std::string(name_of(step)) +
                                  " has no place in a module of layout " + std::string(layout.name) +
                                  " of this shape");
  });
  return tensors;
}

template MultiheadWeights<float> to_canonical(const LayoutInfo&, const MultiheadShape&,
                                              const std::vector<NamedTensor<float>>&, const std::string&);
template MultiheadWeights<double> to_canonical(const LayoutInfo&, const MultiheadShape&,
                                               const std::vector<NamedTensor<double>>&, const std::string&);
template std::vector<NamedTensor<float>> from_canonical(const LayoutInfo&, const MultiheadShape&,
                                                        const MultiheadWeights<float>&, const std::string&);
template std::vector<NamedTensor<double>> from_canonical(const LayoutInfo&, const MultiheadShape&,
                                                         const MultiheadWeights<double>&, const std::string&);

}  // namespace attn
