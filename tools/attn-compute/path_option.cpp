#include "path_option.hpp"

#include "../common/choices.hpp"
#include "attention_command.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>

namespace attn::tools {
namespace {

struct Obstacle {
  const char* option;
  bool (*given)(const AttentionCommand&);
};

// What needs the steps between the inputs and the output.
constexpr Obstacle obstacles[] = {
    {"--verify", [](const AttentionCommand& c) { return !c.verify.files.empty(); }},
    {"--mistake", [](const AttentionCommand& c) { return !c.verify.mistakes.empty(); }},
    {"--cell", [](const AttentionCommand& c) { return !c.output.cell.empty(); }},
    {"--dropout", [](const AttentionCommand& c) { return c.scores.dropout > 0; }},
    {"--detail", [](const AttentionCommand& c) { return c.output.detail; }},
};

const char* obstacle_of(const AttentionCommand& command) {
  for (const Obstacle& obstacle : obstacles) {
    if (obstacle.given(command)) return obstacle.option;
  }
  return nullptr;
}

bool asks_for_output_only(const AttentionCommand& command) {
  return command.output.steps == std::vector<std::string>{std::string(name_of(Step::output))};
}

}  // namespace

void add_path_option(CLI::App& app, AttentionCommand& command) {
  static const Choices<Path> paths = {
      {"auto", Path::automatic}, {"reference", Path::reference}, {"fused", Path::fused}};
  command.path = Path::automatic;
  add_choice(app, "--path", command.path, paths,
             "Keep every step (reference) or none (fused: tile by tile, in little memory); default auto: "
             "fused for --steps output")
      ->group("Numbers");
}

bool takes_fused_path(const AttentionCommand& command) {
  if (command.path == Path::reference || command.gradient || command.inspect) return false;
  const char* const obstacle = obstacle_of(command);
  const bool possible = !obstacle && asks_for_output_only(command);
  if (command.path == Path::automatic || possible) return possible;
  throw UsageError("--path fused", obstacle ? std::string("cannot be combined with ") + obstacle +
                                                  ", which needs the steps that this path does not keep"
                                            : "keeps no step but the last; give --steps output with it");
}

}  // namespace attn::tools
