// Multi-head attention with the weights of a module, in one of the layouts of the course.
#include "../common/choices.hpp"
#include "module_command.hpp"
#include "subcommands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace attn::tools {
namespace {

Choices<const LayoutInfo*> layout_choices() {
  Choices<const LayoutInfo*> choices;
  for (const LayoutInfo& layout : layout_table()) choices.emplace_back(std::string(layout.name), &layout);
  return choices;
}

std::string layout_help() {
  std::string help = "Names, shapes and packing of the weights (default torch):";
  for (const LayoutInfo& layout : layout_table()) {
    help += "\n  " + std::string(layout.name) + ": " + std::string(layout.description) + "; " + names_of_tensors(layout);
  }
  return help;
}

}  // namespace

std::shared_ptr<ModuleCommand> add_mha(CLI::App& app, Purpose purpose) {
  auto command = std::make_shared<ModuleCommand>(app, "mha", layout_table().front(), Sources::any, purpose);
  const char* group = "Weights";
  add_choice(app, "--layout", command->layout, layout_choices(), layout_help())->group(group);
  command->tensors.add("--key", "Source of keys, when it is not the source of values (B, Lk, Ek)");
  command->tensors.add("--value", "Source of values (B, Lk, Ev)");
  app.add_flag("--bias-kv", command->bias_kv, "Fresh weights have a learned key and value (PyTorch's add_bias_kv)")->group(group);
  app.add_flag("--add-zero-attn", command->add_zero_attn, "Append a key and a value of zeros")->group(group);
  app.add_flag("--average-weights", command->average_weights, "Also the mean of the weights over heads, as PyTorch returns it")->group(group);
  add_size_options(app, command->sizes,
                   {"--batch", "--len", "--query-len", "--key-len", "--d-model", "--heads", "--kv-heads", "--head-dim", "--value-dim"});
  return command;
}

Run setup_mha(CLI::App& app, Purpose purpose) {
  const std::shared_ptr<ModuleCommand> command = add_mha(app, purpose);
  return [command]() { return run_module(*command); };
}

}  // namespace attn::tools
