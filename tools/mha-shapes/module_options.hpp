// Options that describe a module and its call by their sizes.
#pragma once

#include "../common/cli11_forward.hpp"
#include "../common/size_options.hpp"

#include <attn/dtype.hpp>
#include <attn/lessons/lesson.hpp>
#include <attn/shapes/module.hpp>
#include <attn/shapes/rules.hpp>

#include <optional>

namespace attn::tools {

struct ModuleOptions {
  shapes::Impl impl = shapes::Impl::torch;
  SizeOptions sizes;
  std::optional<std::size_t> key_width, value_width, ffn, layers, vocabulary;
  std::optional<bool> bias;
  bool batch_first = true;
  bool unbatched = false;
  bool bias_kv = false, zero_attn = false;
  DType dtype = DType::float32;  ///< what bytes are counted in: PyTorch's default, because its modules are traced
};

void add_module_options(CLI::App& app, ModuleOptions& options);

struct ModuleRun {
  shapes::ModuleConfig config;
  shapes::ModuleCall call;
};

/// The module and its call, defaults filled in: without sizes, two samples of four positions, E = 100 and
/// H = 5. Throws UsageError for an option that the implementation has no use for.
ModuleRun module_run(const ModuleOptions& options);

/// Throws UsageError with the first contradiction, in the words of `language`.
void require_consistent(const ModuleRun& run, lessons::Language language);

/// The letters and their sizes, for the sentences of a lesson.
lessons::Placeholders letters_for(const ModuleRun& run);

}  // namespace attn::tools
