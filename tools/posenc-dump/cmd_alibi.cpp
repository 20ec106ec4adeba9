// ALiBi: slopes, and the biases they make.
#include "../common/array_report.hpp"
#include "../common/choices.hpp"
#include "../common/memory_budget.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "encoding_runs.hpp"
#include "encoding_verify.hpp"
#include "subcommands.hpp"
#include "words.hpp"

#include <attn/error.hpp>
#include <attn/ops/alibi.hpp>
#include <attn/steps.hpp>
#include <attn/verify/posenc_mistakes.hpp>

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
  VerifyCommandOptions verify;
  AlibiFuture future = AlibiFuture::masked;
  bool slopes_only = false;
};

// The biases, with the mistakes of --mistake in them.
template <class T>
Tensor<T> bias_of(const AlibiCommand& c, std::size_t heads, std::size_t query_len, std::size_t key_len) {
  if (c.verify.mistakes.empty()) return alibi_bias<T>(alibi_slopes(heads), query_len, key_len, c.future);
  const Tensor<double> wrong = posenc::mistaken_bias(c.verify.mistakes, heads, query_len, key_len, c.future);
  Tensor<T> bias = empty<T>(shape_of(wrong));
  std::transform(wrong.data(), wrong.data() + wrong.size(), bias.data(), [](double value) { return static_cast<T>(value); });
  return bias;
}

template <class T>
int run_alibi(const AlibiCommand& c) {
  const std::size_t heads = c.sizes.heads.value_or(8), len = c.sizes.len.value_or(6);
  const std::size_t query_len = c.sizes.query_len.value_or(len), key_len = c.sizes.key_len.value_or(std::max(len, query_len));
  if (key_len < query_len) throw UsageError("--key-len", fmt::format("expected at least the query length {}, found {}", query_len, key_len));
  MemoryBudget budget(c.run.max_memory);
  budget.charge({heads, query_len, key_len}, sizeof(T), "the bias matrices");
  if (!c.verify.files.empty()) {
    EncodingReport words{c.output, {0, 0, heads}};
    words.unnamed = c.slopes_only ? Step::alibi_slopes : Step::alibi_bias;
    words.max_memory = budget.left();
    return verify_encoding_files(c.verify, alibi_run(heads, query_len, key_len, c.future), words);
  }
  const std::vector<double> slopes = posenc::mistaken_slopes(c.verify.mistakes, heads);
  Tensor<T> slope_tensor = empty<T>({heads});
  std::copy(slopes.begin(), slopes.end(), slope_tensor.data());
  const Tensor<T> bias = c.slopes_only ? empty<T>({0, 0, 0}) : bias_of<T>(c, heads, query_len, key_len);
  const auto make = [&]() {
    ArrayReport report;
    report.document.title = posenc_word(c.output, "alibi_title");
    report.document.introduction = posenc_notes(c.output, "alibi");
    const bool is_power = (heads & (heads - 1)) == 0;
    render::Section section{1, "slopes", "m", is_power ? "m_h = 2^(-8(h + 1)/H)" : "m_h = 2^(-8(h + 1)/n) for h < n, then 2^(-4(2(h - n) + 1)/n)",
                            is_power ? "m_h = 2^{-8(h + 1)/H}" : "m_h = 2^{-8(h + 1)/n}\\ (h < n),\\quad 2^{-4(2(h - n) + 1)/n}\\ (h \\ge n)"};
    section.panel = render::Panel{slope_tensor, {"H"}, {}, {}, render::Shading::unit, false};
    if (!is_power) section.notes = posenc_notes(c.output, "alibi_no_power");
    report.document.sections.push_back(section);
    report.arrays.push_back({std::string(name_of(Step::alibi_slopes)), section.formula, {"H"}, slope_tensor});
    if (!c.slopes_only) {
      const bool symmetric = c.future == AlibiFuture::symmetric;
      render::Section biases{2, "bias", "b", symmetric ? "b[h, i, j] = -m_h · |i - j|" : "b[h, i, j] = -m_h · (i - j)",
                             symmetric ? "b_{hij} = -m_h |i - j|" : "b_{hij} = -m_h (i - j)"};
      biases.panel = render::Panel{bias, {"H", "Lq", "Lk"}, position_labels(key_len - query_len, query_len), {}, render::Shading::diverging, false};
      report.document.sections.push_back(biases);
      report.arrays.insert(report.arrays.begin(), {std::string(name_of(Step::alibi_bias)), biases.formula, {"H", "Lq", "Lk"}, bias});
    }
    report.header = {{"tool", "posenc-dump"}, {"version", ATTNSCOPE_VERSION}, {"command", "alibi"}, {"dtype", to_string(c.run.dtype)}, {"head_count", static_cast<std::uint64_t>(heads)}};
    add_mistakes(report, c.verify, c.output);
    return report;
  };
  write_array_report(make, c.output);
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
  add_verify_options(app, command->verify);
  add_worksheet_checks(app, command->verify);
  add_mistake_option(app, command->verify);
  add_array_options(app, command->output);
  return [command]() {
    check_encoding_verify(command->verify, command->run.dtype, {}, posenc::alibi_mistakes());
    return with_precision(command->run.dtype, [&](auto t) { return run_alibi<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
