// Which of two paths computes attention: the one that keeps every step, or the one that keeps none.
#pragma once

#include "../common/cli11_forward.hpp"

#include <attn/ops/fused/fused_attention.hpp>
#include <attn/ops/fused/online_softmax_trace.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace attn::tools {

struct AttentionCommand;

enum class Path {
  automatic,  ///< fused when only the output is asked for, else reference
  reference,  ///< step by step
  fused,      ///< tile by tile, without a step
};

struct PathOptions {
  Path choice = Path::reference;         ///< of a subcommand without --path
  std::optional<TileSizes> tile{};       ///< of the view of tiles; empty: not given
  std::optional<std::size_t> threads{};  ///< of the fused path; empty: not given

  TileSizes tiles() const { return tile.value_or(TileSizes{}); }
  FusedOptions fused() const { return {threads.value_or(1), {}}; }
};

/// Adds --path and --threads, and lets the command choose by itself where --path is not given.
void add_path_option(CLI::App& app, PathOptions& options);

/// Adds --tile, for a subcommand that can show its tiles.
void add_tile_option(CLI::App& app, PathOptions& options);

/// The path of a run that asks for its last step only (`output_only`) or not. `obstacle` is an option given
/// that needs a step, nullptr without one. Throws UsageError for --path fused where it is not possible, and for
/// --threads on the reference path; `last` is what --steps must say, "output".
bool chooses_fused_path(const PathOptions& options, bool output_only, const char* obstacle, const std::string& last);

/// Whether this run takes the fused path. Throws UsageError for --path fused together with an option that
/// needs a step, and for --threads and --tile where they say nothing.
bool takes_fused_path(const AttentionCommand& command);

/// Whether this run shows its tiles (--path fused --detail). Throws UsageError for options that contradict it.
bool shows_tiles(const AttentionCommand& command);

}  // namespace attn::tools
