// Cross-attention with one head: queries from the input, keys and values from the memory.
#include "module_command.hpp"
#include "subcommands.hpp"

#include <memory>

namespace attn::tools {

Run setup_cross(CLI::App& app, Purpose purpose) {
  auto command = std::make_shared<ModuleCommand>(app, "cross", single_head_layout(), Sources::memory, purpose);
  add_single_maps(*command);
  add_size_options(app, command->sizes,
                   {"--batch", "--len", "--query-len", "--key-len", "--d-model", "--head-dim", "--value-dim"});
  return [command]() { return run_module(*command); };
}

}  // namespace attn::tools
