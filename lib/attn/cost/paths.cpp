#include <attn/cost/paths.hpp>

#include <attn/error.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace attn::cost {
namespace {

constexpr std::size_t not_reached = static_cast<std::size_t>(-1);
constexpr double most_edges = 2e9;

/// Node `position` of layer 0 is an input (a position of the memory, for cross-attention), of layer l > 0
/// an output of layer l.
struct Node {
  std::size_t layer, position;
};

class DependencyGraph {
 public:
  DependencyGraph(Layer layer, const Values& values, std::size_t layers)
      : layer_(layer),
        layers_(layers),
        outputs_(static_cast<std::size_t>(values[Letter::n])),
        inputs_(layer == Layer::cross_attention ? static_cast<std::size_t>(values[Letter::m]) : outputs_) {
    // Taps of layer l are a^l positions apart, and beyond the sequence's end it does not matter how far.
    std::size_t step = 1;
    const std::size_t growth = layer == Layer::dilated_convolution ? static_cast<std::size_t>(values[Letter::a]) : 1;
    const bool windowed = layer == Layer::restricted_attention;
    if (windowed || is_convolution()) {
      taps_ = static_cast<std::size_t>(values[windowed ? Letter::r : Letter::k]);
      taps_ = std::min(taps_, outputs_);
      for (std::size_t l = 0; l < layers; ++l) {
        steps_.push_back(step);
        step = step > outputs_ / growth ? outputs_ : step * growth;
      }
    }
  }

  std::size_t layers() const { return layers_; }
  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  bool may_depend(std::size_t output, std::size_t input) const { return sees_everything() || output >= input; }

  /// Calls visit(Node) for every node that reads `node`.
  template <class Visit>
  void readers(const Node& node, Visit&& visit) const {
    const auto [layer, position] = node;
    if (is_recurrence() && layer > 0 && position + 1 < outputs_) visit(Node{layer, position + 1});
    if (layer_ == Layer::cross_attention) {
      // Every layer reads the memory itself.
      for (std::size_t l = 1; l <= layers_ && layer == 0; ++l) {
        for (std::size_t j = 0; j < outputs_; ++j) visit(Node{l, j});
      }
      return;
    }
    if (layer == layers_) return;
    if (sees_everything()) {
      for (std::size_t j = 0; j < outputs_; ++j) visit(Node{layer + 1, j});
    } else if (is_recurrence()) {
      visit(Node{layer + 1, position});
    } else {
      for (std::size_t tap = 0, j = position; tap < taps_ && j < outputs_; ++tap, j += steps_[layer]) {
        visit(Node{layer + 1, j});
      }
    }
  }

  /// An upper bound of the edges that one search follows.
  double edges() const {
    const double per_node = sees_everything() ? static_cast<double>(outputs_) : static_cast<double>(taps_) + 1;
    return per_node * static_cast<double>(outputs_) * static_cast<double>(layers_);
  }

 private:
  bool is_convolution() const { return layer_ == Layer::convolution || layer_ == Layer::dilated_convolution; }
  bool is_recurrence() const { return layer_ == Layer::rnn || layer_ == Layer::gru || layer_ == Layer::lstm; }
  bool sees_everything() const {
    return layer_ == Layer::self_attention || layer_ == Layer::cross_attention || layer_ == Layer::linear_attention;
  }

  Layer layer_;
  std::size_t layers_, outputs_, inputs_;
  std::size_t taps_ = 1;
  std::vector<std::size_t> steps_;  ///< distance of neighbouring taps, by layer
};

/// Breadth-first: the number of edges from input `source` to every output of the last layer.
std::vector<std::size_t> distances_from(const DependencyGraph& graph, std::size_t source) {
  const std::size_t width = std::max(graph.inputs(), graph.outputs());
  std::vector<std::size_t> distance((graph.layers() + 1) * width, not_reached);
  const auto at = [&](const Node& node) -> std::size_t& { return distance[node.layer * width + node.position]; };
  std::vector<Node> queue = {{0, source}};
  at(queue.front()) = 0;
  for (std::size_t head = 0; head < queue.size(); ++head) {
    const Node node = queue[head];
    graph.readers(node, [&](const Node& reader) {
      if (at(reader) != not_reached) return;
      at(reader) = at(node) + 1;
      queue.push_back(reader);
    });
  }
  const auto last = distance.begin() + static_cast<std::ptrdiff_t>(graph.layers() * width);
  return {last, last + static_cast<std::ptrdiff_t>(graph.outputs())};
}

// Three digits: the number may be beyond every type of whole numbers.
std::string short_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

void refuse_endless_search(const DependencyGraph& graph) {
  const double edges = graph.edges() * static_cast<double>(graph.inputs());
  if (edges > most_edges) {
    throw LimitError("paths", "the search would follow " + short_text(edges) + " edges, more than " + short_text(most_edges) + "; choose a shorter sequence");
  }
}

}  // namespace

PathSearch search_paths(Layer layer, const Values& values, std::size_t layers) {
  const DependencyGraph graph(layer, values, layers);
  refuse_endless_search(graph);
  PathSearch result;
  result.layers = layers;
  for (std::size_t input = 0; input < graph.inputs(); ++input) {
    const std::vector<std::size_t> distances = distances_from(graph, input);
    for (std::size_t output = 0; output < graph.outputs(); ++output) {
      if (!graph.may_depend(output, input)) continue;
      ++result.pairs;
      if (distances[output] == not_reached) continue;
      ++result.connected;
      result.longest = std::max(result.longest.value_or(0), distances[output]);
    }
  }
  return result;
}

std::optional<PathSearch> search_paths(Layer layer, const Values& values) {
  // More layers only ever connect more, so the smallest stack is found by halving; n layers of reach 1 are
  // the most that can be needed.
  const std::size_t most = std::max<std::size_t>(static_cast<std::size_t>(values[Letter::n]) - 1, 1);
  std::size_t least = 1, enough = 1;
  PathSearch found = search_paths(layer, values, enough);
  while (found.connected < found.pairs) {
    if (enough == most) return std::nullopt;
    least = enough + 1;
    enough = std::min(2 * enough, most);
    found = search_paths(layer, values, enough);
  }
  while (least < enough) {
    const std::size_t middle = least + (enough - least) / 2;
    const PathSearch tried = search_paths(layer, values, middle);
    if (tried.connected == tried.pairs) {
      enough = middle;
      found = tried;
    } else {
      least = middle + 1;
    }
  }
  return found;
}

}  // namespace attn::cost
