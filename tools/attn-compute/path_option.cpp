#include "path_option.hpp"

#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "../common/size_options.hpp"
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
};

// What chooses among steps, or says how they are printed; the view of tiles is one whole.
constexpr Obstacle choices_of_steps[] = {
    {"--steps", [](const AttentionCommand& c) { return !c.output.steps.empty(); }},
    {"--blank", [](const AttentionCommand& c) { return !c.output.blank.empty(); }},
    {"--matrix", [](const AttentionCommand& c) { return c.output.matrix; }},
    {"--labels", [](const AttentionCommand& c) { return c.output.labels; }},
    {"--threads", [](const AttentionCommand& c) { return c.path.threads.has_value(); }},
};

template <std::size_t count>
const char* first_given(const Obstacle (&table)[count], const AttentionCommand& command) {
  for (const Obstacle& row : table) {
    if (row.given(command)) return row.option;
  }
  return nullptr;
}

bool asks_for_output_only(const AttentionCommand& command) {
  return command.output.steps == std::vector<std::string>{std::string(name_of(Step::output))};
}

TileSizes parse_tile(const std::string& text) {
  const std::vector<std::string> parts = parse_list("--tile", text);
  if (parts.size() != 2) throw UsageError("--tile", "expected two sizes, QUERIES,KEYS, found '" + text + "'");
  constexpr std::uint64_t most = std::uint64_t{1} << 32;
  return {parse_whole("--tile", parts[0], 1, most), parse_whole("--tile", parts[1], 1, most)};
}

}  // namespace

void add_path_option(CLI::App& app, PathOptions& options) {
  static const Choices<Path> paths = {
      {"auto", Path::automatic}, {"reference", Path::reference}, {"fused", Path::fused}};
  options.choice = Path::automatic;
  add_choice(app, "--path", options.choice, paths,
             "Keep every step (reference) or none (fused: tile by tile, in little memory); default auto: "
             "fused where only the last step is asked for")
      ->group("Numbers");
  add_count(app, "--threads", options.threads,
            "Threads of the fused path, 0: one for each processor (default 1); the results are the same bits", 0)
      ->group("Numbers");
}

void add_tile_option(CLI::App& app, PathOptions& options) {
  add_word(app, "--tile", "QUERIES,KEYS", "Size of the tiles that --path fused --detail shows (default 2,2)",
           [&options](const std::string& text) { options.tile = parse_tile(text); })
      ->group("Numbers");
}

bool chooses_fused_path(const PathOptions& options, bool output_only, const char* obstacle, const std::string& last) {
  const bool possible = !obstacle && output_only;
  if (options.choice == Path::fused && !possible) {
    throw UsageError("--path fused", obstacle ? std::string("cannot be combined with ") + obstacle +
                                                    ", which needs the steps that this path does not keep"
                                              : "keeps no step but the last; give --steps " + last + " with it");
  }
  const bool fused = possible && options.choice != Path::reference;
  if (options.threads && !fused) throw UsageError("--threads", "is for the fused path; give --steps " + last + " with it");
  return fused;
}

bool shows_tiles(const AttentionCommand& command) {
  const bool shows = command.path.choice == Path::fused && command.output.detail && command.subcommand != "layer";
  if (!shows && command.path.tile) throw UsageError("--tile", "is for the view of tiles; give --path fused --detail with it");
  if (!shows) return false;
  const char* contradicting = first_given(obstacles, command);
  if (!contradicting) contradicting = first_given(choices_of_steps, command);
  if (contradicting) {
    throw UsageError("--path fused --detail", std::string("shows the tiles, all of them, and cannot be combined with ") + contradicting);
  }
  return true;
}

bool takes_fused_path(const AttentionCommand& command) {
  if (command.gradient || command.inspect || shows_tiles(command)) return false;
  const char* obstacle = first_given(obstacles, command);
  if (!obstacle && command.output.detail) obstacle = "--detail";
  return chooses_fused_path(command.path, asks_for_output_only(command), obstacle, std::string(name_of(Step::output)));
}

}  // namespace attn::tools
