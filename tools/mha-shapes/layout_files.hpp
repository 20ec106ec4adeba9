// Files of weights in any layout: which layouts they fit, and conversion with its proof.
#pragma once

#include <attn/io/array.hpp>
#include <attn/tensor.hpp>
#include <attn/verify/moved.hpp>
#include <attn/weights/multihead_shape.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// One module found in a file.
struct LayoutFit {
  std::string prefix;       ///< what stands before the layout's names: "h.0.attn."
  const LayoutInfo* layout = nullptr;
  std::size_t d_model = 0;
  std::string heads;        ///< "12", or the numbers that fit where the shapes leave it open
  std::size_t head_dim = 0; ///< 0 where it does not follow
  bool bias = false;
};

/// Every module of every layout whose names and shapes are in the file. `heads`: 0 for "not known".
/// Reads headers only. Throws InputError, SystemError.
std::vector<LayoutFit> inspect_file(const std::string& path, std::size_t heads);

struct ConversionRequest {
  const LayoutInfo* from;
  const LayoutInfo* to;
  std::string input;   ///< FILE or FILE:PREFIX
  std::string result;
  std::size_t heads;   ///< 0: to be read off the weights
  bool force;
};

struct ConvertedTensor {
  std::string name;
  Shape shape;
  std::string feeds;
};

struct Conversion {
  MultiheadShape shape;
  Precision precision;
  std::vector<ConvertedTensor> tensors;
  std::size_t numbers = 0;  ///< how many came back bit for bit
};

/// Writes the result, then reads it back, converts it to the first layout again and compares every number
/// with the input's. Throws InputError where a layout cannot hold the weights; the message says why. Throws
/// UsageError, before anything is read, for a result that is to be neither .npz nor .safetensors.
Conversion convert_file(const ConversionRequest& request);

/// What the conversion would write, in float64 (exact for every type) and in the order of the layout.
struct ConvertedModule {
  MultiheadShape shape;
  std::vector<MovedTensor> tensors;
};
ConvertedModule converted_module(const ConversionRequest& request);

/// The tensors of FILE or FILE:PREFIX, without the prefix.
std::vector<io::NamedArray> read_module_file(const std::string& text);

}  // namespace attn::tools
