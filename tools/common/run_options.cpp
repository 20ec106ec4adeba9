#include "run_options.hpp"

#include "choices.hpp"
#include "numbers.hpp"

#include <CLI/CLI.hpp>

namespace attn::tools {

namespace {
constexpr const char* group = "Numbers";
}

void add_number_options(CLI::App& app, RunOptions& options) {
  static const Choices<Precision> types = {{"float64", Precision::float64}, {"float32", Precision::float32}};
  add_choice(app, "--dtype", options.dtype, types, "Number type to compute in (default float64)")->group(group);
  app.add_option_function<std::string>(
         "--max-memory", [&](const std::string& text) { options.max_memory = parse_bytes("--max-memory", text); },
         "Refuse to run beyond this, e.g. 512MiB or 4GiB (default: 80% of what is free)")
      ->type_name("SIZE")
      ->group(group);
}

void add_seed_option(CLI::App& app, RunOptions& options) {
  app.add_option_function<std::string>(
         "--seed", [&](const std::string& text) { options.seed = parse_whole("--seed", text); },
         "PyTorch's torch.manual_seed(N) for everything drawn (default 0)")
      ->type_name("N")
      ->group(group);
}

void add_run_options(CLI::App& app, RunOptions& options) {
  add_seed_option(app, options);
  add_number_options(app, options);
  app.add_flag("--strict", options.strict, "Exit 6 if a result is NaN or infinite; the results are written all the same")->group(group);
}

}  // namespace attn::tools
