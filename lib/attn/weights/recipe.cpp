#include <attn/weights/recipe.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace attn {
namespace {

std::string text(std::size_t number) { return std::to_string(number); }

/// One linear map of the module, as its constructor and forward lines need it.
struct LinearMap {
  std::string name;  ///< "W_q"
  Step feeds;
  bool shared_by_heads;
  std::size_t outputs;
  std::size_t inputs;
  bool bias;
};

std::vector<LinearMap> linear_maps(const std::vector<ExpectedTensor>& tensors) {
  std::vector<LinearMap> maps;
  for (const ExpectedTensor& tensor : tensors) {
    const std::string_view name = tensor.row->name;
    const std::string stem(name.substr(0, name.rfind('.')));
    if (tensor.row->initialisation == Initialisation::linear_bias) {
      maps.back().bias = true;  // the row after its weight
    } else {
      maps.push_back({stem, tensor.row->feeds.front(), tensor.row->packing == Packing::shared_by_heads,
                      tensor.shape[0], tensor.shape[1], false});
    }
  }
  return maps;
}

const LinearMap* find_map(const std::vector<LinearMap>& maps, Step feeds) {
  const auto found =
      std::find_if(maps.begin(), maps.end(), [feeds](const LinearMap& map) { return map.feeds == feeds; });
  return found == maps.end() ? nullptr : &*found;
}

std::string constructor_lines(const std::vector<LinearMap>& maps) {
  std::string lines =
      "    def __init__(self):\n"
      "        super().__init__()\n"
      "        self.dropout = 0.0\n";
  for (const LinearMap& map : maps) {
    lines += "        self." + map.name + " = nn.Linear(" + text(map.inputs) + ", " + text(map.outputs) +
             (map.bias ? "" : ", bias=False") + ")\n";
  }
  return lines;
}

/// `q = self.W_q(query)`, split into heads; repeated where several query heads share one key/value head.
std::string head_line(const char* result, const char* source, const LinearMap& map, std::size_t heads,
                      std::size_t size, std::size_t repeats) {
  const std::string split = ".unflatten(-1, (" + text(heads) + ", " + text(size) + "))";
  const std::string mapped = map.shared_by_heads ? "self." + map.name + "(" + source + split + ")"
                                                 : "self." + map.name + "(" + source + ")" + split;
  return std::string("        ") + result + " = " + mapped + ".transpose(1, 2)" +
         (repeats > 1 ? ".repeat_interleave(" + text(repeats) + ", dim=1)" : "") + "\n";
}

/// A Python literal: "-1e+06", "-math.inf".
std::string python_number(double number) {
  if (std::isinf(number)) return number < 0 ? "-math.inf" : "math.inf";
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, written.ptr);
}

std::string forward_lines(const LayoutInfo& layout, const MultiheadShape& shape,
                          const std::vector<LinearMap>& maps) {
  const std::size_t scaled_by = layout.scales_by_d_model ? shape.d_model : shape.head_dim;
  const std::size_t repeats = shape.heads / shape.kv_heads;
  const LinearMap* const out = find_map(maps, Step::w_o);
  return "    def forward(self, query, key, value, mask=None, fill=" + python_number(layout.masked_score) +
         ", scale=1 / math.sqrt(" + text(scaled_by) + ")):\n" +
         head_line("q", "query", *find_map(maps, Step::w_q), shape.heads, shape.head_dim, 1) +
         head_line("k", "key", *find_map(maps, Step::w_k), shape.kv_heads, shape.head_dim, repeats) +
         head_line("v", "value", *find_map(maps, Step::w_v), shape.kv_heads, shape.value_dim, repeats) +
         "        scores = q @ k.transpose(-2, -1) * scale\n"
         "        if mask is not None:\n"
         "            scores = scores.masked_fill(~mask, fill)\n"
         "        weights = scores.softmax(-1)\n"
         "        kept = nn.functional.dropout(weights, self.dropout, self.training)\n"
         "        merged = (kept @ v).transpose(1, 2).flatten(2)\n"
         "        return " +
         (out != nullptr ? "self." + out->name + "(merged)" : std::string("merged")) + ", weights\n";
}

std::string torch_line(const MultiheadShape& shape) {
  std::string line = "module = nn.MultiheadAttention(" + text(shape.d_model) + ", " + text(shape.heads);
  if (!*shape.bias) line += ", bias=False";
  if (shape.bias_kv) line += ", add_bias_kv=True";
  if (shape.key_width != shape.d_model) line += ", kdim=" + text(shape.key_width);
  if (shape.value_width != shape.d_model) line += ", vdim=" + text(shape.value_width);
  return line + ", batch_first=True)\n";
}

}  // namespace

std::string pytorch_module_lines(const LayoutInfo& layout, const MultiheadShape& shape) {
  const MultiheadShape full = resolved(layout, shape);
  if (layout.name == "torch") return torch_line(full);
  const std::vector<LinearMap> maps = linear_maps(expected_tensors(layout, full));
  const std::string class_name(layout.module_name);
  return "class " + class_name + "(nn.Module):\n" + constructor_lines(maps) +
         forward_lines(layout, full, maps) + "\nmodule = " + class_name + "()\n";
}

}  // namespace attn
