#include "attention_command.hpp"
namespace attn::tools {
int print_recipe(const AttentionCommand&) { return exit_done; }
}
