// Self-attention with one head: queries, keys and values are three linear maps of the same input.
#include "module_command.hpp"
#include "subcommands.hpp"

#include <memory>

namespace attn::tools {

Run setup_self(CLI::App& app, Purpose purpose) {
  auto command = std::make_shared<ModuleCommand>(app, "self", single_head_layout(), Sources::input, purpose);
  add_single_maps(*command);
  add_size_options(app, command->sizes, {"--batch", "--len", "--d-model", "--head-dim", "--value-dim"});
  return [command]() { return run_module(*command); };
}

}  // namespace attn::tools
