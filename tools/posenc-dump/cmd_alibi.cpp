// ALiBi: slopes, and the biases they make.
#include "../common/array_report.hpp"
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/ops/alibi.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace attn::tools {
namespace {

struct AlibiCommand {
  SizeOptions sizes;
  RunOptions run;
  OutputOptions output;
  AlibiFuture future = AlibiFuture::masked;
  bool slopes_only = false;
};

template <class T>
int run_alibi(const AlibiCommand& c) {
  const std::size_t heads = c.sizes.heads.value_or(8), len = c.sizes.len.value_or(6);
  const std::size_t query_len = c.sizes.query_len.value_or(len), key_len = c.sizes.key_len.value_or(std::max(len, query_len));
  if (key_len < query_len) throw UsageError("--key-len", fmt::format("expected at least the query length {}, found {}", query_len, key_len));
  MemoryBudget budget(c.run.max_memory);
  const auto count = element_count({heads, query_len, key_len});
  budget.charge(count && *count < SIZE_MAX / sizeof(T) ? *count * sizeof(T) : SIZE_MAX, "the bias matrices");
  const std::vector<double> slopes = alibi_slopes(heads);
  Tensor<T> slope_tensor = empty<T>({heads});
  std::copy(slopes.begin(), slopes.end(), slope_tensor.data());
  const Tensor<T> bias = c.slopes_only ? empty<T>({0, 0, 0}) : alibi_bias<T>(slopes, query_len, key_len, c.future);
  ArrayReport report;
  report.document.title = posenc_word(c.output, "alibi_title");
  report.document.introduction = posenc_notes(c.output, "alibi");
  render::Section section{1, "slopes", "m", "m_h = 2^(-8(h + 1)/H)", "m_h = 2^{-8(h + 1)/H}"};
  section.panel = render::Panel{slope_tensor, {"H"}, {}, {}, render::Shading::unit, false};
  if ((heads & (heads - 1)) != 0) section.notes = posenc_notes(c.output, "alibi_no_power");
  report.document.sections.push_back(section);
  report.arrays.push_back({"slopes", section.formula, {"H"}, slope_tensor});
  if (!c.slopes_only) {
    render::Section biases{2, "bias", "b", "b[h, i, j] = -m_h · (i - j)", "b_{hij} = -m_h (i - j)"};
    biases.panel = render::Panel{bias, {"H", "Lq", "Lk"}, {}, {}, render::Shading::diverging, false};
    report.document.sections.push_back(biases);
    report.arrays.insert(report.arrays.begin(), {"bias", biases.formula, {"H", "Lq", "Lk"}, bias});
  }
  report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "alibi"}, {"dtype", to_string(c.run.dtype)}, {"head_count", static_cast<std::uint64_t>(heads)}};
  write_array_report(report, c.output);
  return exit_done;
}

}  // namespace

Run setup_alibi(CLI::App& app) {
  auto command = std::make_shared<AlibiCommand>();
  add_size_options(app, command->sizes, {"--heads", "--len", "--query-len", "--key-len"});
  static const Choices<AlibiFuture> futures = {{"masked", AlibiFuture::masked}, {"symmetric", AlibiFuture::symmetric}};
  add_choice(app, "--future", command->future, futures, "Keys after the query: forbidden (default), or as far away as those before")->group("Encoding");
  app.add_flag("--slopes", command->slopes_only, "Slopes only")->group("Encoding");
  add_number_options(app, command->run);
  add_array_options(app, command->output);
  return [command]() {
    return with_precision(command->run.dtype, [&](auto t) { return run_alibi<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
