#include <attn/model/unpack.hpp>

#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/ops/position.hpp>
#include <attn/transpose.hpp>

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <set>

namespace attn {
namespace {

// A parameter of the model: where it goes, and what shape it has there.
template <class T>
struct Place {
  Step step;
  std::optional<Tensor<T>>* tensor;
  Shape shape;
};

template <class T>
using Places = std::map<std::string, Place<T>>;

// A model with every part that the configuration speaks of, and no numbers yet.
template <class T>
TransformerWeights<T> skeleton(const ModelConfig& config) {
  const auto stack_of = [&config](Stack stack) {
    StackWeights<T> weights;
    weights.layers.resize(config.layers(stack));
    for (LayerWeights<T>& layer : weights.layers) {
      if (stack == Stack::decoder && config.has_encoder()) layer.cross.emplace();
    }
    if (config.norm.embedding) weights.embedding.norm.emplace();
    if (config.norm.final) weights.final_norm.emplace();
    return weights;
  };
  TransformerWeights<T> weights;
  if (config.has_encoder()) weights.encoder = stack_of(Stack::encoder);
  if (config.has_decoder()) weights.decoder = stack_of(Stack::decoder);
  return weights;
}

Stack stack_of_path(const ModelConfig& config, const std::string& path) {
  const std::string encoder = path_of_stack(Stack::encoder);
  const bool in_encoder = path.compare(0, encoder.size(), encoder) == 0;
  return in_encoder || !config.has_decoder() ? Stack::encoder : Stack::decoder;
}

// Parts that this configuration does not have at all, whatever a file offers.
bool has_place(const ModelConfig& config, Step step) {
  switch (step) {
    case Step::w_gate:
    case Step::b_gate: return config.gated;
    case Step::position_table: return config.positions == Positions::learned;
    case Step::segment_table: return config.sizes.segments > 0;
    case Step::w_out: return !config.tie;
    default: return true;
  }
}

// Whether a model without it would be another model; what is absent otherwise is zero.
bool is_optional(const ModelConfig& config, Step step) {
  switch (step) {
    case Step::b_q:
    case Step::b_k:
    case Step::b_v:
    case Step::b_o:
    case Step::b_gate:
    case Step::b_1:
    case Step::b_2:
    case Step::beta:
    case Step::b_out: return true;
    case Step::w_out: return !config.has_decoder();
    default: return false;
  }
}

template <class T>
Places<T> places_of(const ModelConfig& config, TransformerWeights<T>& weights) {
  Places<T> places;
  visit_places(weights, [&](const std::string& path, Step step, std::optional<Tensor<T>>& tensor) {
    if (!has_place(config, step)) return;
    const Sizes sizes = sizes_of(config, stack_of_path(config, path));
    places.insert({path, {step, &tensor, shape_of_axes(step_info(step).axes, sizes)}});
  });
  return places;
}

bool is_matrix(Step step) { return step != Step::token_table && step != Step::position_table && step != Step::segment_table; }

// The shape that the tensor of a row must have in the file.
template <class T>
Shape stored_shape(const NameRow& row, const Places<T>& places) {
  Shape shape = places.at(row.feeds.front()).shape;
  if (row.parts != Parts::shared) {
    for (std::size_t i = 1; i < row.feeds.size(); ++i) shape.back() += places.at(row.feeds[i]).shape.back();
  }
  const bool turned = row.stored == Stored::out_in && shape.size() == 2 && is_matrix(places.at(row.feeds.front()).step);
  return turned ? Shape{shape[1], shape[0]} : shape;
}

// One parameter out of a tensor whose last axis is the output axis: the columns that belong to it.
template <class T>
Tensor<T> columns_of(const Tensor<T>& tensor, const Shape& shape, const std::vector<std::size_t>& columns) {
  Tensor<T> part = empty<T>(shape);
  const std::size_t width = tensor.shape().back(), rows = tensor.size() / width;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t j = 0; j < columns.size(); ++j) part.data()[row * columns.size() + j] = tensor.data()[row * width + columns[j]];
  }
  return part;
}

// The heads that a parameter's outputs are divided among; 0 if they are not.
std::size_t heads_of(Step step, const ModelSizes& sizes) {
  switch (step) {
    case Step::w_q:
    case Step::b_q: return sizes.heads;
    case Step::w_k:
    case Step::b_k:
    case Step::w_v:
    case Step::b_v: return sizes.kv_heads;
    default: return 0;
  }
}

template <class T>
void fill_places(const NameRow& row, Tensor<T> tensor, const ModelSizes& sizes, const Places<T>& places) {
  if (row.stored == Stored::out_in && tensor.dimension() == 2 && is_matrix(places.at(row.feeds.front()).step)) {
    tensor = transposed(tensor);
  }
  if (row.feeds.size() == 1) {
    const Place<T>& place = places.at(row.feeds.front());
    *place.tensor = reshaped(std::move(tensor), place.shape);
    return;
  }
  std::size_t first = 0;
  for (std::size_t part = 0; part < row.feeds.size(); ++part) {
    const Place<T>& place = places.at(row.feeds[part]);
    const std::size_t width = place.shape.back();
    std::vector<std::size_t> columns(width);
    for (std::size_t j = 0; j < width; ++j) {
      columns[j] = first + j;
      if (row.parts == Parts::shared) columns[j] = j;
      if (row.parts == Parts::by_head) {
        const std::size_t each = width / heads_of(place.step, sizes);
        columns[j] = (j / each * row.feeds.size() + part) * each + j % each;
      }
    }
    *place.tensor = columns_of(tensor, place.shape, columns);
    first += width;
  }
}

// Throws unless every path that a row feeds is a parameter of this model, fed once, and the parts fit.
template <class T>
void check_feeds(const ModelConfig& config, const std::vector<NameRow>& rows, const Places<T>& places, const std::string& subject) {
  std::vector<std::string> known;
  for (const auto& [path, place] : places) known.push_back(path);
  std::set<std::string> fed;
  for (const NameRow& row : rows) {
    const auto refuse = [&](const std::string& problem) {
      throw InputError(subject, "the row of " + io::in_quotes(row.name) + " " + problem);
    };
    if (row.feeds.empty()) refuse("feeds nothing; name what may be there but is not read under \"ignore\"");
    for (const std::string& path : row.feeds) {
      if (places.count(path) == 0) {
        const auto guess = io::near_miss(path, known);
        refuse("feeds " + io::in_quotes(path) + ", which this model does not have" +
               (guess ? "; did you mean " + io::in_quotes(*guess) + "?" : ""));
      }
      if (row.parts == Parts::by_head && heads_of(places.at(path).step, config.sizes) == 0) {
        refuse("is by-head, but " + io::in_quotes(path) + " has no heads");
      }
      if (!fed.insert(path).second) refuse("feeds " + io::in_quotes(path) + " a second time");
      const Shape first = places.at(row.feeds.front()).shape, shape = places.at(path).shape;
      const bool same_inputs = shape.size() == first.size() && (shape.size() < 2 || shape[0] == first[0]);
      const bool equal_needed = row.parts != Parts::side_by_side;
      if (!same_inputs || (equal_needed && shape != first)) {
        refuse(fmt::format("holds parameters of shapes {} and {}, which cannot share a tensor", to_string(first), to_string(shape)));
      }
    }
  }
}

using File = std::map<std::string, const io::Array*>;  // by name, without the prefix

File file_of(const ModelNames& map, const std::vector<io::NamedArray>& arrays) {
  File file;
  for (const io::NamedArray& named : arrays) {
    const bool prefixed = !map.prefix.empty() && named.name.compare(0, map.prefix.size(), map.prefix) == 0;
    file[prefixed ? named.name.substr(map.prefix.size()) : named.name] = &named.array;
  }
  return file;
}

bool is_ignored(const ModelNames& map, const std::string& name) {
  return std::any_of(map.ignore.begin(), map.ignore.end(),
                     [&name](const std::string& glob) { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

// Throws unless the file has exactly the tensors of the rows, and those that may be ignored.
void check_names(const std::vector<NameRow>& rows, const File& file, const ModelNames& map, const std::string& subject) {
  std::set<std::string> wanted;
  std::vector<std::string> missing, extra;
  for (const NameRow& row : rows) {
    wanted.insert(row.name);
    if (file.count(row.name) == 0) missing.push_back(row.name);
  }
  for (const auto& [name, array] : file) {
    if (wanted.count(name) == 0 && !is_ignored(map, name)) extra.push_back(name);
  }
  if (missing.empty() && extra.empty()) return;
  std::string problem;
  if (!missing.empty()) problem = fmt::format("lacks {} of {} tensors: {}", missing.size(), wanted.size(), io::list_in_quotes(missing));
  if (!missing.empty() && !extra.empty()) problem += "; ";
  if (!extra.empty()) problem += fmt::format("has {} that this model does not read: {}", extra.size(), io::list_in_quotes(extra));
  throw InputError(subject, problem);
}

template <class T>
void check_complete(const ModelConfig& config, const Places<T>& places, const std::string& subject) {
  std::vector<std::string> unfed;
  for (const auto& [path, place] : places) {
    if (!place.tensor->has_value() && !is_optional(config, place.step)) unfed.push_back(path);
  }
  if (!unfed.empty()) throw InputError(subject, "no row of the name map feeds " + io::list_in_quotes(unfed));
}

// What is not in the file but follows from it.
template <class T>
void fill_derived(const ModelConfig& config, TransformerWeights<T>& weights, const std::string& subject, const io::MemoryLimit& limit) {
  for (std::optional<StackWeights<T>>* stack : {&weights.encoder, &weights.decoder}) {
    if (!*stack || config.positions != Positions::sinusoidal) continue;
    SinusoidalOptions options;
    options.d_model = config.sizes.width;
    options.odd = OddWidth::extra_sine;
    limit.check(subject + ": table of positions", config.sizes.max_length, config.sizes.width * sizeof(T));
    Tensor<T> table = empty<T>({config.sizes.max_length, config.sizes.width});
    SinusoidalRows<T>(options).fill(0, config.sizes.max_length, table.data());
    (*stack)->embedding.position_table = std::move(table);
  }
  if (config.tie) weights.w_out = transposed(*(weights.decoder ? weights.decoder : weights.encoder)->embedding.token_table);
}

}  // namespace

Sizes sizes_of(const ModelConfig& config, Stack stack) {
  Sizes sizes;
  sizes.d_model = sizes.key_width = sizes.value_width = sizes.output_width = config.sizes.width;
  sizes.heads = config.sizes.heads;
  sizes.kv_heads = config.sizes.kv_heads;
  sizes.head_dim = sizes.value_dim = config.sizes.head_dim;
  sizes.ffn_width = config.sizes.feed_forward;
  sizes.vocabulary = config.vocabulary(stack);
  sizes.max_length = config.sizes.max_length;
  sizes.segments = config.sizes.segments;
  return sizes;
}

template <class T>
TransformerWeights<T> unpacked(const ModelConfig& config, const ModelNames& map, const std::vector<io::NamedArray>& arrays,
                               const std::string& subject, const io::MemoryLimit& limit) {
  TransformerWeights<T> weights = skeleton<T>(config);
  const Places<T> places = places_of(config, weights);
  const std::vector<NameRow> rows = expanded(map.rows, config);
  const File file = file_of(map, arrays);
  check_feeds(config, rows, places, subject);
  check_names(rows, file, map, subject);
  std::size_t elements = 0;
  for (const NameRow& row : rows) elements += file.at(row.name)->size();
  limit.check(subject, elements, sizeof(T));
  for (const NameRow& row : rows) {
    const io::Array& array = *file.at(row.name);
    const Shape expected = stored_shape(row, places);
    if (array.shape != expected) {
      throw InputError(subject, fmt::format("tensor {} has shape {}, expected {}", io::in_quotes(row.name),
                                            to_string(array.shape), to_string(expected)));
    }
    fill_places(row, io::to_tensor<T>(array, subject + " " + row.name, limit), config.sizes, places);
  }
  check_complete(config, places, subject);
  fill_derived(config, weights, subject, limit);
  return weights;
}

template TransformerWeights<float> unpacked(const ModelConfig&, const ModelNames&, const std::vector<io::NamedArray>&,
                                            const std::string&, const io::MemoryLimit&);
template TransformerWeights<double> unpacked(const ModelConfig&, const ModelNames&, const std::vector<io::NamedArray>&,
                                             const std::string&, const io::MemoryLimit&);

}  // namespace attn
