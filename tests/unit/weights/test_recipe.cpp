#include "weights/python.hpp"
#include "weights/reference_text.hpp"

#include <attn/weights/convert.hpp>
#include <attn/weights/init.hpp>
#include <attn/weights/recipe.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace attn;

namespace {

struct Case {
  const LayoutInfo* layout;
  MultiheadShape shape;
};

MultiheadShape make(std::size_t d_model, std::size_t heads) {
  MultiheadShape shape;
  shape.d_model = d_model;
  shape.heads = heads;
  return shape;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const LayoutInfo& layout : layout_table()) {
    all.push_back({&layout, make(8, 2)});
    MultiheadShape other_bias = make(12, 3);
    other_bias.bias = !layout.bias_by_default;
    all.push_back({&layout, other_bias});
  }
  MultiheadShape widths = make(8, 4);
  widths.key_width = 6;
  widths.value_width = 5;
  widths.bias_kv = true;
  all.push_back({find_layout("torch"), widths});
  MultiheadShape grouped = make(8, 4);
  grouped.kv_heads = 2;
  grouped.head_dim = 3;
  grouped.value_dim = 5;
  grouped.key_width = 7;
  grouped.value_width = 9;
  all.push_back({find_layout("d2l"), grouped});
  all.push_back({find_layout("linear"), grouped});
  MultiheadShape one = make(6, 1);
  one.head_dim = 4;
  one.value_dim = 3;
  one.bias = true;
  all.push_back({&single_head_layout(), one});
  return all;
}

// Prints every parameter, then the output for one query, one key and one value, all of ones.
std::string script_of(const Case& c) {
  const MultiheadShape full = resolved(*c.layout, c.shape);
  return "torch.manual_seed(42)\n" + pytorch_module_lines(*c.layout, c.shape) +
         "print('case')\n"
         "for name, tensor in module.state_dict().items():\n"
         "    show(name, tensor)\n"
         "show('output', module(torch.ones(1, 1, " +
         std::to_string(full.d_model) + "), torch.ones(1, 1, " + std::to_string(full.key_width) +
         "), torch.ones(1, 1, " + std::to_string(full.value_width) + "))[0])\n";
}

constexpr const char* prelude =
    "import math, numpy, torch\n"
    "from torch import nn\n"
    "def show(name, tensor):\n"
    "    values = tensor.detach().numpy().ravel().view(numpy.uint32)\n"
    "    print(name, *(f'{value:08x}' for value in values))\n";

// With one key its weight is 1, so the output is W_v's row sums, repeated for grouped heads, through W_o.
std::vector<double> output_for_ones(const MultiheadShape& shape, const MultiheadWeights<double>& w) {
  const auto map = [](const std::vector<double>& row, const std::optional<Tensor<double>>& matrix,
                      const std::optional<Tensor<double>>& bias) {
    if (!matrix) return row;
    std::vector<double> result(matrix->shape()[1], 0.0);
    for (std::size_t j = 0; j < result.size(); ++j) {
      for (std::size_t i = 0; i < row.size(); ++i) result[j] += row[i] * (*matrix)(i, j);
      if (bias) result[j] += (*bias)(j);
    }
    return result;
  };
  const std::vector<double> values = map(std::vector<double>(shape.value_width, 1.0), w.w_v, w.b_v);
  std::vector<double> merged;
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const std::size_t group = h / (shape.heads / shape.kv_heads);
    for (std::size_t d = 0; d < shape.value_dim; ++d) merged.push_back(values[group * shape.value_dim + d]);
  }
  return map(merged, w.w_o, w.b_o);
}

void check_parameter(const NamedTensor<float>& ours, const std::vector<float>& theirs) {
  CAPTURE(ours.name);
  REQUIRE(ours.tensor.size() == theirs.size());
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    // PyTorch's normal and two-step uniform draws are rounded differently on CPUs without AVX2 and FMA.
    CHECK(std::fabs(ours.tensor.data()[i] - theirs[i]) <= 3e-6f);
  }
}

}  // namespace

TEST_CASE("a recipe run in PyTorch makes the same parameters, and a module that computes attention") {
  const std::optional<std::string> python = reference::python_with_torch();
  if (!python) {
    MESSAGE("skipped: no Python here can import torch");
    return;
  }
  std::string script = prelude;
  for (const Case& c : cases()) script += script_of(c);
  std::istringstream output(reference::run_python(*python, script));
  std::string line;
  REQUIRE(std::getline(output, line));
  for (const Case& c : cases()) {
    REQUIRE(line == "case");
    CAPTURE(c.layout->name);
    TorchGenerator generator(42);
    const MultiheadShape full = resolved(*c.layout, c.shape);
    const auto tensors = initialise(*c.layout, full, generator);
    std::size_t parameters = 0;
    while (std::getline(output, line) && line != "case") {
      std::istringstream words(line);
      std::string name;
      words >> name;
      const std::vector<float> theirs = reference::floats(words);
      const auto ours =
          std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
      if (ours != tensors.end()) {
        check_parameter(*ours, theirs);
        ++parameters;
        continue;
      }
      REQUIRE(name == "output");
      if (full.bias_kv) continue;  // a second key: no closed form
      const std::vector<double> expected =
          output_for_ones(full, to_canonical(*c.layout, full, converted<double>(tensors), "w"));
      REQUIRE(theirs.size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(static_cast<double>(theirs[i]) == doctest::Approx(expected[i]).epsilon(1e-5));
      }
    }
    CHECK(parameters == tensors.size());
  }
}

TEST_CASE("nn.MultiheadAttention is one line, with only the arguments that are not defaults") {
  MultiheadShape shape = make(8, 2);
  CHECK(pytorch_module_lines(*find_layout("torch"), shape) ==
        "module = nn.MultiheadAttention(8, 2, batch_first=True)\n");
  shape.bias = false;
  shape.bias_kv = true;
  shape.key_width = 6;
  CHECK(pytorch_module_lines(*find_layout("torch"), shape) ==
        "module = nn.MultiheadAttention(8, 2, bias=False, add_bias_kv=True, kdim=6, batch_first=True)\n");
}

TEST_CASE("a class definition has no blank line inside, so that it can be pasted at Python's prompt") {
  for (const LayoutInfo& layout : layout_table()) {
    const std::string lines = pytorch_module_lines(layout, make(8, 2));
    CAPTURE(lines);
    const std::size_t blank = lines.find("\n\n");
    CHECK((blank == std::string::npos || lines.compare(blank, 11, "\n\nmodule = ") == 0));
    CHECK(lines.back() == '\n');
  }
}

TEST_CASE("a module's own constants are in its recipe") {
  CHECK(pytorch_module_lines(*find_layout("d2l"), make(8, 2)).find("fill=-1e+06, scale=1 / math.sqrt(4)") !=
        std::string::npos);
  CHECK(pytorch_module_lines(*find_layout("shared-head"), make(8, 2))
            .find("fill=-1e+20, scale=1 / math.sqrt(8)") != std::string::npos);
}
