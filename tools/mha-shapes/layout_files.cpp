#include "layout_files.hpp"

#include <attn/error.hpp>
#include <attn/io/array.hpp>
#include <attn/io/file.hpp>
#include <attn/io/headers.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/io/sink.hpp>
#include <attn/io/source.hpp>
#include <attn/weights/convert.hpp>
#include <attn/weights/infer.hpp>
#include <attn/weights/names.hpp>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <set>
#include <stdexcept>

namespace attn::tools {
namespace {

struct WeightsFile {
  std::string path, prefix;
};

// A file that exists wins over the reading as FILE:PREFIX.
WeightsFile split_prefix(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || io::is_file(text)) return {text, ""};
  WeightsFile file{text.substr(0, colon), text.substr(colon + 1)};
  if (!file.prefix.empty() && file.prefix.back() != '.' && file.prefix.back() != '/') file.prefix += '.';
  return file;
}

bool is_wide(const io::NamedArray& named) {
  return named.array.dtype == DType::float64 || named.array.dtype == DType::int64;
}

std::vector<io::NamedArray> read_module(const WeightsFile& file) {
  std::vector<io::NamedArray> found;
  for (io::NamedArray& named : io::read_all(file.path)) {
    if (named.name.compare(0, file.prefix.size(), file.prefix) != 0) continue;
    named.name.erase(0, file.prefix.size());
    found.push_back(std::move(named));
  }
  if (found.empty()) throw InputError(file.path, "no tensor has a name that begins with '" + file.prefix + "'");
  return found;
}

template <class T>
std::vector<NamedTensor<T>> tensors_of(const std::vector<io::NamedArray>& arrays, const std::string& subject) {
  std::vector<NamedTensor<T>> tensors;
  for (const io::NamedArray& named : arrays) {
    tensors.push_back({named.name, io::to_tensor<T>(named.array, subject + ":" + named.name)});
  }
  return tensors;
}

enum class Container { npz, safetensors };

/// The format that the name of the result asks for, in letters of either case.
Container container_of(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".npz") return Container::npz;
  if (extension == ".safetensors") return Container::safetensors;
  throw UsageError("OUT", "expected a file name that ends in .npz or .safetensors, found '" + path + "'");
}

template <class T>
void write_tensors(const ConversionRequest& request, Container container, const std::vector<NamedTensor<T>>& tensors) {
  std::vector<io::NamedView> views;
  for (const NamedTensor<T>& named : tensors) views.push_back({named.name, named.tensor});
  const auto sink = io::open_sink(request.result, request.force ? io::Overwrite::yes : io::Overwrite::no);
  if (container == Container::npz) {
    io::write_npz(*sink, views);
  } else {
    io::write_safetensors(*sink, views, {{"layout", std::string(request.to->name)}});
  }
  sink->finish();
}

template <class T>
const Tensor<T>& tensor_named(const std::vector<NamedTensor<T>>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor<T>& named) { return named.name == name; });
  if (found == tensors.end()) throw std::logic_error("the round trip lost tensor " + name);
  return found->tensor;
}

/// Reads the result back, converts it to the first layout, and counts the numbers that are bit for bit
/// those of the input; all of them, or this is our mistake.
template <class T>
std::size_t prove(const ConversionRequest& request, const MultiheadShape& shape, const std::vector<NamedTensor<T>>& input) {
  const auto written = tensors_of<T>(io::read_all(request.result), request.result);
  const auto back = from_canonical(*request.from, shape, to_canonical(*request.to, shape, written, request.result), request.result);
  std::size_t numbers = 0;
  for (const NamedTensor<T>& named : input) {
    const Tensor<T>& other = tensor_named(back, named.name);
    const bool equal = shape_of(other) == shape_of(named.tensor) &&
                       std::memcmp(other.data(), named.tensor.data(), other.size() * sizeof(T)) == 0;
    if (!equal) throw std::logic_error("the round trip changed tensor " + named.name);
    numbers += other.size();
  }
  return numbers;
}

std::string feeds_of(const LayoutInfo& layout, const std::string& name) {
  std::string text;
  for (const LayoutRow& row : layout.rows) {
    if (row.name != name) continue;
    for (const Step step : row.feeds) text += (text.empty() ? "" : ", ") + std::string(name_of(step));
  }
  return text;
}

template <class T>
Conversion convert(const ConversionRequest& request, Container container, const std::vector<io::NamedArray>& arrays) {
  const auto input = tensors_of<T>(arrays, request.input);
  Conversion done;
  done.precision = precision_of<T>();
  done.shape = infer_shape(*request.from, input, request.heads, request.input);
  const MultiheadWeights<T> weights = to_canonical(*request.from, done.shape, input, request.input);
  const auto output = from_canonical(*request.to, done.shape, weights, request.input);
  write_tensors(request, container, output);
  done.numbers = prove(request, done.shape, input);
  for (const NamedTensor<T>& named : output) {
    done.tensors.push_back({named.name, shape_of(named.tensor), feeds_of(*request.to, named.name)});
  }
  return done;
}

/// The names of one module without their prefix, and its shapes.
std::vector<NamedShape> below(const std::vector<NamedShape>& all, const std::string& prefix, const LayoutInfo& layout) {
  std::vector<NamedShape> found;
  for (const NamedShape& named : all) {
    if (named.name.compare(0, prefix.size(), prefix) != 0) continue;
    const std::string name = named.name.substr(prefix.size());
    const bool belongs = std::any_of(layout.rows.begin(), layout.rows.end(), [&](const LayoutRow& row) { return row.name == name; });
    if (belongs) found.push_back({name, named.shape});
  }
  return found;
}

/// Fits with the smallest number of heads above zero for which the shapes agree; empty heads if none do.
std::optional<LayoutFit> fit_module(const LayoutInfo& layout, const std::string& prefix, const std::vector<NamedShape>& tensors, std::size_t heads) {
  LayoutFit fit;
  fit.prefix = prefix;
  fit.layout = &layout;
  const auto try_heads = [&](std::size_t count) -> std::optional<MultiheadShape> {
    try {
      MultiheadShape shape = infer_shape(layout, tensors, count, prefix);
      for (const ExpectedTensor& expected : expected_tensors(layout, shape)) {
        const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedShape& named) { return named.name == expected.row->name; });
        if (found == tensors.end() || found->shape != expected.shape) return std::nullopt;
      }
      return shape;
    } catch (const Error&) {
      return std::nullopt;  // these shapes do not fit this number of heads
    }
  };
  const std::optional<MultiheadShape> told = try_heads(heads);
  const std::optional<MultiheadShape> any = told ? told : try_heads(1);
  if (!any) return std::nullopt;
  fit.d_model = any->d_model;
  fit.bias = any->bias.value_or(false);
  fit.heads = told ? std::to_string(told->heads) : "divides " + std::to_string(any->heads * any->head_dim);
  if (told) fit.head_dim = told->head_dim;
  return fit;
}

}  // namespace

std::vector<LayoutFit> inspect_file(const std::string& path, std::size_t heads) {
  std::vector<NamedShape> all;
  for (const io::ArrayHeader& header : io::read_headers(path)) all.push_back({header.name, header.shape});
  std::vector<LayoutFit> fits;
  for (const LayoutInfo* layout : all_layouts()) {
    const auto always = std::find_if(layout->rows.begin(), layout->rows.end(), [](const LayoutRow& row) { return row.presence == Presence::always; });
    const std::string_view name = always->name;
    for (const NamedShape& named : all) {
      if (named.name.size() < name.size() || named.name.substr(named.name.size() - name.size()) != name) continue;
      const std::string prefix = named.name.substr(0, named.name.size() - name.size());
      if (!prefix.empty() && prefix.back() != '.' && prefix.back() != '/') continue;
      if (const auto fit = fit_module(*layout, prefix, below(all, prefix, *layout), heads)) fits.push_back(*fit);
    }
  }
  return fits;
}

std::vector<io::NamedArray> read_module_file(const std::string& text) { return read_module(split_prefix(text)); }

ConvertedModule converted_module(const ConversionRequest& request) {
  const auto input = tensors_of<double>(read_module_file(request.input), request.input);
  ConvertedModule module{infer_shape(*request.from, input, request.heads, request.input), {}};
  const MultiheadWeights<double> weights = to_canonical(*request.from, module.shape, input, request.input);
  for (NamedTensor<double>& named : from_canonical(*request.to, module.shape, weights, request.input)) {
    MovedTensor moved{named.name, std::move(named.tensor)};
    for (const LayoutRow& row : request.to->rows) {
      if (row.name != moved.name || row.feeds.size() != 3) continue;
      moved.packed_axis = row.packing == Packing::side_by_side_qkv ? moved.tensor.dimension() - 1 : 0;
    }
    module.tensors.push_back(std::move(moved));
  }
  return module;
}

Conversion convert_file(const ConversionRequest& request) {
  const Container container = container_of(request.result);
  const std::vector<io::NamedArray> arrays = read_module_file(request.input);
  const bool wide = std::any_of(arrays.begin(), arrays.end(), is_wide);
  return wide ? convert<double>(request, container, arrays) : convert<float>(request, container, arrays);
}

}  // namespace attn::tools
