#include "recipe.hpp"

#include "recipe_parts.hpp"
#include "recipe_python.hpp"

#include <attn/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace attn::tools {
namespace {

bool draws_numbers(const RecipeRun& run) {
  const std::vector<TensorArgument>& tensors = run.command.tensors.in_order();
  const bool random_tensor = std::any_of(tensors.begin(), tensors.end(), [](const TensorArgument& tensor) {
    return tensor.generator &&
           (tensor.generator->kind == GeneratorKind::randn || tensor.generator->kind == GeneratorKind::rand);
  });
  return random_tensor || draws_module(run) || run.command.scores.dropout > 0;
}

struct Part {
  const char* heading;
  std::string (*lines)(const RecipeRun& run);
};

constexpr Part parts[] = {
    {"Parameters, as maps from the right: row @ w + b.", recipe_parameters},
    {"Tensors, in the order of the command line.", recipe_tensors},
    {"Queries, keys and values: (batch, head, position, component).", recipe_heads},
    {"Scores: (batch, head, query, key).", recipe_scores},
    {"Mask: 0 where a query may attend, -inf where it may not.", recipe_mask},
    {"Weights: softmax over the keys.", recipe_softmax},
    {"The way back.", recipe_output},
};
constexpr Part comparison = {"The same by the module itself, in one call.", recipe_comparison};

}  // namespace

std::string recipe_of(const RecipeRun& run) {
  std::string body;
  if (calls_module(run)) body += "torch.set_grad_enabled(False)  # nothing is trained here\n";
  if (draws_numbers(run)) body += fmt::format("torch.manual_seed({})\n", run.command.run.seed);
  const auto add = [&](const Part& part) {
    const std::string lines = part.lines(run);
    if (!lines.empty()) body += (body.empty() ? "" : "\n") + ("# " + std::string(part.heading)) + "\n" + lines;
  };
  for (const Part& part : parts) add(part);
  body += run.command.output.recipe_saving;
  add(comparison);
  return fmt::format(
      "# attn-compute {} as a PyTorch program: every step under the name that attn-compute gives it.\n{}\n{}",
      run.command.subcommand, python_preamble(body), body);
}

int print_recipe(const RecipeRun& run) {
  write_recipe(recipe_of(run), run.command.output);
  return exit_done;
}

}  // namespace attn::tools
