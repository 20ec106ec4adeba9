// The first half of a recipe: parameters, tensors, linear maps, heads.
#include "module_weights.hpp"
#include "recipe_parts.hpp"
#include "recipe_python.hpp"

#include <attn/weights/recipe.hpp>

#include <fmt/format.h>

#include <utility>

namespace attn::tools {
namespace {

Precision precision_of(const RecipeRun& run) { return run.command.run.dtype; }

bool has(const RecipeRun& run, const char* option) { return run.command.tensors.has(option); }

// `w_q = state["W_q.weight"].T`: what the tensor of one row holds, in the canonical form [in, out].
std::string parameter_line(const ExpectedTensor& tensor, const RecipeRun& run) {
  const LayoutRow& row = *tensor.row;
  const std::string source = "state[" + python_text(std::string(row.name)) + "]";
  const bool flips = tensor.shape.size() == 2 && row.orientation == Orientation::out_in;
  std::string names;
  for (const Step step : row.feeds) names += (names.empty() ? "" : ", ") + std::string(name_of(step));
  if (row.packing == Packing::stacked_qkv) {
    return names + " = " + (flips ? "(w.T for w in " + source + ".chunk(3))" : source + ".chunk(3)") + "\n";
  }
  const std::string whole = source + (flips ? ".T" : tensor.shape.size() > 2 ? ".flatten()" : "");
  if (row.packing == Packing::shared_by_heads) {
    return fmt::format("{} = torch.block_diag(*[{}] * {})  # the same map for every head\n", names, whole,
                       run.shape.heads);
  }
  return names + " = " + whole + "\n";
}

// The step that an option's tensor is, or the name of its variable where it is none.
std::string variable_of(const std::string& option, bool mapped) {
  static const std::pair<const char*, const char*> of_mapped[] = {
      {"--input", "x"},
      {"--query", "x"},
      {"--memory", "memory"},
      {"--key", "memory"},
      {"--value", "memory_value"},
      {"--wq", "w_q"},
      {"--wk", "w_k"},
      {"--wv", "w_v"},
  };
  static const std::pair<const char*, const char*> of_all[] = {
      {"--query", "query"},           {"--key", "key"},    {"--value", "value"}, {"--past-key", "past_key"},
      {"--past-value", "past_value"}, {"--mask", "given"},
  };
  if (mapped) {
    for (const auto& [name, variable] : of_mapped) {
      if (option == name) return variable;
    }
  }
  for (const auto& [name, variable] : of_all) {
    if (option == name) return variable;
  }
  throw std::logic_error("no variable for " + option);
}

bool is_source(const std::string& variable) {
  return variable == "x" || variable == "memory" || variable == "memory_value";
}

// (B, L, H·D) as (B, H, L, D), from any rank that a command takes.
std::string in_heads(const std::string& source, std::size_t rank, std::size_t heads, std::size_t head_dim) {
  if (rank == 4) return source;
  if (rank == 2) return source + "[None, None]";
  if (heads == 1) return source + "[:, None]";
  return fmt::format("{}.unflatten(-1, ({}, {})).transpose(1, 2)", source, heads, head_dim);
}

// One of Q, K and V: the linear map if there is one, the split into heads, the appended keys.
std::string head_lines(const RecipeRun& run, char letter, const std::string& source, std::size_t rank,
                       std::size_t heads, std::size_t head_dim) {
  const LinearMaps maps = linear_maps_of(run);
  std::string lines, from = source;
  if (maps.weight(letter)) {
    from = fmt::format("{}_proj", letter);
    lines += fmt::format("{} = {} @ w_{}{}\n", from, source, letter,
                         maps.bias(letter) ? fmt::format(" + b_{}", letter) : "");
  }
  lines += fmt::format("{} = {}\n", letter, in_heads(from, rank, heads, head_dim));
  if (letter == 'q' || !run.module) return lines;
  if (run.shape.bias_kv) {
    lines += fmt::format(
        "{0} = torch.cat([{0}, bias_{0}.view(1, {1}, 1, {2}).expand({3}, -1, -1, -1)], dim=2)"
        "  # one learned position\n",
        letter, heads, head_dim, run.sizes.batch);
  }
  if (run.module->add_zero_attn) {
    lines += fmt::format("{0} = nn.functional.pad({0}, (0, 0, 0, 1))  # one position of zeros\n", letter);
  }
  return lines;
}

}  // namespace

bool draws_module(const RecipeRun& run) {
  return run.module && run.module->weights.empty() && !has(run, "--wq");
}

LinearMaps linear_maps_of(const RecipeRun& run) {
  LinearMaps maps;
  if (!run.module || has(run, "--wq")) {
    for (const char letter : {'q', 'k', 'v'}) {
      if (has(run, fmt::format("--w{}", letter).c_str())) maps.weights += letter;
    }
    return maps;
  }
  for (const ExpectedTensor& tensor : expected_tensors(*run.module->layout, run.shape)) {
    for (const Step step : tensor.row->feeds) {
      const std::string_view name = name_of(step);  // w_q, b_q, bias_k, …
      if (name.size() == 3) (name.front() == 'w' ? maps.weights : maps.biases) += name.back();
    }
  }
  return maps;
}

std::string recipe_parameters(const RecipeRun& run) {
  if (!run.module || has(run, "--wq")) return "";
  const LayoutInfo& layout = *run.module->layout;
  std::string lines;
  if (draws_module(run)) {
    lines = pytorch_module_lines(layout, run.shape);
    lines += precision_of(run) == Precision::float64
                 ? "state = {name: tensor.double() for name, tensor in module.state_dict().items()}\n"
                 : "state = module.state_dict()\n";
  } else {
    const WeightsFile file = split_prefix(run.module->weights);
    lines = python_state(file.path, file.prefix, run.loaded, precision_of(run));
  }
  for (const ExpectedTensor& tensor : expected_tensors(layout, run.shape))
    lines += parameter_line(tensor, run);
  return lines;
}

std::string recipe_tensors(const RecipeRun& run) {
  const bool mapped = run.module || linear_maps_of(run).any();
  std::string lines;
  for (const TensorArgument& argument : run.command.tensors.in_order()) {
    const std::string variable = variable_of(argument.option, mapped);
    const bool one_sample = is_source(variable) && argument.shape().size() == 2;
    lines += fmt::format("{} = {}{}  # {}{}\n", variable, python_tensor(argument, precision_of(run)),
                         one_sample ? "[None]" : "", argument.option, one_sample ? ", one sample" : "");
  }
  return lines;
}

std::string recipe_heads(const RecipeRun& run) {
  const Sizes& s = run.sizes;
  std::string lines;
  if (run.module || linear_maps_of(run).any()) {
    const std::string keys = has(run, "--memory") || has(run, "--key") ? "memory" : "x";
    const std::string values = has(run, "--value") ? "memory_value" : keys;
    lines = head_lines(run, 'q', "x", 3, s.heads, s.head_dim) +
            head_lines(run, 'k', keys, 3, s.kv_heads, s.head_dim) +
            head_lines(run, 'v', values, 3, s.kv_heads, s.value_dim);
  } else {
    const std::size_t rank = run.command.tensors.find("--query")->shape().size();
    const std::string values = has(run, "--value") ? "value" : "key";
    lines = head_lines(run, 'q', "query", rank, s.heads, s.head_dim) +
            head_lines(run, 'k', "key", rank, s.kv_heads, s.head_dim) +
            head_lines(run, 'v', values, rank, s.kv_heads, s.value_dim);
  }
  if (has(run, "--past-key")) {
    lines +=
        "present_key = torch.cat([past_key, k], dim=2)\n"
        "present_value = torch.cat([past_value, v], dim=2)\n";
  }
  return lines;
}

}  // namespace attn::tools
