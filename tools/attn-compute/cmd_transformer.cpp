// A whole Transformer from a model directory: text or tokens in, text and every step out.
#include "../common/choices.hpp"
#include "../common/formats.hpp"
#include "../common/memory_budget.hpp"
#include "../common/numbers.hpp"
#include "../common/output_options.hpp"
#include "../common/run_options.hpp"
#include "../common/size_options.hpp"
#include "../common/verify_options.hpp"
#include "attention_command.hpp"
#include "path_option.hpp"
#include "sequences.hpp"
#include "stack_formula.hpp"
#include "step_list.hpp"
#include "subcommands.hpp"
#include "transformer_report.hpp"
#include "transformer_verify.hpp"

#include <attn/error.hpp>
#include <attn/model/directory.hpp>
#include <attn/model/unpack.hpp>
#include <attn/ops/decoding.hpp>
#include <attn/render/display_width.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <type_traits>

namespace attn::tools {
namespace {

struct TransformerCommand {
  std::string model, names;
  SequenceOptions sequences;
  std::optional<std::size_t> most_tokens;
  std::optional<std::size_t> top_k;
  std::optional<double> temperature;
  bool no_cache = false;
  RunOptions run;
  PathOptions path;
  VerifyCommandOptions verify;
  OutputOptions output;
};

constexpr std::size_t page_width = 100;
constexpr std::size_t default_most_tokens = 32;  // of a model without a longest sequence

// How many tokens may follow a prompt: as many as asked for, and no more than there are positions.
std::size_t most_tokens(const TransformerCommand& c, const ModelConfig& config, std::size_t prompt) {
  const std::size_t longest = config.sizes.max_length;
  if (longest == 0) return c.most_tokens.value_or(default_most_tokens);
  // The last token written is never read, so it needs no position.
  const std::size_t room = longest - prompt + 1;
  return std::min(c.most_tokens.value_or(room), room);
}

// Tokens of the longest sequence that this run can come to.
std::size_t longest_sequence(const TransformerCommand& c, const ModelConfig& config, const std::vector<Sequence>& sequences) {
  std::size_t longest = 0;
  for (const Sequence& each : sequences) {
    longest = std::max({longest, each.source.size(), each.prompt.size() + most_tokens(c, config, each.prompt.size())});
  }
  return longest;
}

// Tables of sines and cosines, before they are made.
void charge_positions(const ModelConfig& config, std::size_t longest, Precision precision, MemoryBudget& budget) {
  if (config.positions != Positions::rope_half && config.positions != Positions::rope_interleaved) return;
  const std::size_t row = 2 * config.sizes.head_dim * bytes_per_element(precision);
  budget.charge(row * std::min(longest, std::numeric_limits<std::size_t>::max() / row), "the tables of rotary positions");
}

bool target_given(const TransformerCommand& c) { return c.sequences.target || c.sequences.target_tokens; }

template <class T>
Generated write_one(const TransformerCommand& c, const Model<T>& model, const StackOptions<T>& options, const Sequence& sequence,
                    TorchGenerator& random) {
  if (!model.config.has_decoder() || target_given(c)) return {};
  GenerationOptions generation;
  generation.most_tokens = most_tokens(c, model.config, sequence.prompt.size());
  generation.end = model.config.eos;
  if (c.top_k || c.temperature) generation.sampling = SamplingOptions{c.temperature.value_or(1), c.top_k.value_or(0)};
  Decoder<T> decoder(model.weights, options, sequence.source, c.no_cache ? CacheUse::no : CacheUse::yes);
  return generate(decoder, sequence.prompt, generation, random);
}

void check_verify(const TransformerCommand& c) {
  check_verify_options(c.verify, c.run.dtype, [] { return std::vector<std::string>(); });
  if (!c.verify.files.empty()) check_findings_only(c.output, c.run);
}

// What the decoder read in all: the prompt, and what it wrote but for the last token.
TokenRow decoder_input(const Written& written) {
  TokenRow tokens = written.sequence.prompt;
  const TokenRow& more = written.generated.tokens;
  if (!more.empty()) tokens.insert(tokens.end(), more.begin(), more.end() - 1);
  return tokens;
}

// Steps of one layer hold about eleven rows of width E, two of F, and five maps of attention.
std::size_t traced_bytes(const ModelConfig& config, std::size_t batch, std::size_t source, std::size_t target, Precision precision) {
  const ModelSizes& s = config.sizes;
  const std::size_t row = 16 * s.width + 3 * s.feed_forward, maps = 5 * s.heads;
  const std::size_t encoder = s.encoder_layers * source * (row + maps * source);
  const std::size_t decoder = s.decoder_layers * target * (2 * row + maps * (target + source)) + target * s.vocabulary;
  return batch * (encoder + decoder) * bytes_per_element(precision);
}

// The fused path has one layer at work, and no maps.
std::size_t fused_bytes(const ModelConfig& config, std::size_t batch, std::size_t source, std::size_t target, Precision precision) {
  const ModelSizes& s = config.sizes;
  const std::size_t row = 16 * s.width + 3 * s.feed_forward;
  return batch * ((source + target) * row + std::max(source, target) * s.vocabulary) * bytes_per_element(precision);
}

// The name of what a run ends with.
template <class T>
std::string last_step(const Model<T>& model) {
  if (model.weights.w_out) return std::string(name_of(Step::logits));
  return path_of_stack(model.config.has_decoder() ? Stack::decoder : Stack::encoder) + std::string(name_of(Step::output));
}

// One pass that leaves only its last result.
template <class T>
void run_fused(const TransformerCommand& c, const Model<T>& model, const StackOptions<T>& options, const TokenBatch& source,
               const TokenBatch& target, TransformerRun& run) {
  const auto last = std::make_shared<Tensor<T>>(fused_transformer(source, target, model.weights, options, c.path.fused()));
  const Step step = model.weights.w_out ? Step::logits : Step::output;
  run.trace.entries.push_back({last_step(model), step, axes_of(step, run.trace.sizes), TensorView(*last)});
  run.steps = last;
}

// The steps of one pass, or with --verify what the files are found to be.
template <class T>
int trace_run(const TransformerCommand& c, const Model<T>& model, const StackOptions<T>& options, MemoryBudget& budget, TransformerRun& run) {
  std::vector<TokenRow> sources, targets;
  for (const Written& each : run.written) {
    sources.push_back(each.sequence.source);
    targets.push_back(decoder_input(each));
  }
  const TokenBatch source = token_batch(sources, model.config.pad.value_or(0)), target = token_batch(targets, model.config.pad.value_or(0));
  const auto bytes = run.fused ? fused_bytes : traced_bytes;
  budget.charge(bytes(model.config, source.batch, source.length, target.length, precision_of<T>()), "the steps of this run");
  run.trace = Trace{sizes_of(model.config, model.config.has_decoder() ? Stack::decoder : Stack::encoder), precision_of<T>(), {}};
  run.trace.sizes.batch = run.written.size();
  if (run.fused) {
    run_fused(c, model, options, source, target, run);
    return exit_done;
  }
  StackOptions<T> detailed = options;
  const Detail detail = c.output.detail ? Detail::yes : Detail::no;
  detailed.layer.self.attention.detail = detailed.layer.cross.attention.detail = detailed.layer.norm.detail = detail;
  const auto steps = std::make_shared<TransformerSteps<T>>(transformer(source, target, model.weights, detailed));
  append_to(run.trace, *steps);
  run.steps = steps;
  if constexpr (std::is_same_v<T, double>) {
    if (!c.verify.files.empty()) {
      const ModelRun verified{model.weights, *steps, with_padding_mask(detailed, source), with_target_masks(detailed, model.weights.encoder ? &source : nullptr)};
      return verify_model_files({c.verify, c.output, c.run.max_memory}, run.trace.sizes, verified);
    }
  }
  return exit_done;
}

std::string token_text(const std::optional<Vocabulary>& vocabulary, std::size_t token) {
  return vocabulary ? vocabulary->token(token) : std::to_string(token);
}

template <class T>
void label_run(const Model<T>& model, TransformerRun& run) {
  if (run.written.size() != 1) return;
  const Written& only = run.written.front();
  for (const std::size_t token : only.sequence.source) run.source_tokens.push_back(token_text(model.source, token));
  for (const std::size_t token : decoder_input(only)) run.target_tokens.push_back(token_text(model.target, token));
  for (const std::size_t token : only.generated.tokens) run.written_tokens.push_back(token_text(model.target, token));
}

// The text of a run that asks for no steps: what was written, and for a single sequence how.
std::string summary_of(const TransformerCommand& c, const TransformerRun& run) {
  std::string text = written_lines(run);
  if (!c.output.notes || run.written.size() != 1 || run.written_tokens.empty()) return text;
  if (run.config.family == Family::encoder_decoder) {
    text += "\n";
    for (const std::string& line : render::wrap(lessons::lesson(c.output.language).note("intro", "transformer_alignment").value_or(""), page_width)) {
      text += line + "\n";
    }
  }
  return text + "\n" + render::table_text(alignment_table(run, c.output.language));
}

PrefacedTable list_of_steps(const TransformerCommand& c, const TransformerRun& run) {
  render::Table table;
  table.columns = step_columns(c.output.language, {"step", "formula", "axes", "meaning"});
  for (const TraceEntry& entry : run.trace.entries) {
    table.rows.push_back({entry.name, stack_formula(run, entry, c.output.language).text, entry.axes, lessons::meaning(c.output.language, entry.step)});
  }
  return {lessons::lesson(c.output.language).note("page", "steps").value_or(""), "", std::move(table)};
}

// Whether the words that were written are the answer, and not the steps.
bool answers_in_words(const TransformerCommand& c, const TransformerRun& run) {
  return chosen_format(c.output).name == "text" && c.output.steps.empty() && run.config.has_decoder() && !target_given(c);
}

// A page of text shows what the model came to; files and programs get everything.
std::vector<std::string> steps_to_show(const TransformerCommand& c, const TransformerRun& run) {
  if (!c.output.steps.empty() || chosen_format(c.output).name != "text") return c.output.steps;
  return {run.trace.entries.back().name};
}

void present(const TransformerCommand& c, const TransformerRun& run) {
  if (c.output.list_steps) return write_table([&]() { return list_of_steps(c, run); }, c.output);
  if (answers_in_words(c, run)) return write_text_result(summary_of(c, run), c.output);
  const Trace shown = select_steps(run.trace, steps_to_show(c, run));
  render::JsonObject header = {{"tool", "attn-compute"}, {"version", ATTNSCOPE_VERSION}, {"command", "transformer"},
                               {"model", c.model},       {"dtype", to_string(c.run.dtype)}, {"seed", c.run.seed},
                               {"path", run.fused ? "fused" : "reference"}, {"sizes", render::json_of(run.trace.sizes)}, {"sequences", sequences_json(run)}};
  write_report({shown, [&]() { return transformer_document(run, shown, c.output); }, std::move(header),
                [&run](const TraceEntry& entry) { return stack_formula(run, entry, lessons::Language::en).text; }},
               c.output);
}

// Text shows the last step where none is named; what it was computed from is then not kept.
template <class T>
bool takes_fused_path(const TransformerCommand& c, const Model<T>& model, const TransformerRun& run) {
  const std::string last = last_step(model);
  const bool only_last = c.output.steps.empty() ? chosen_format(c.output).name == "text" && !answers_in_words(c, run)
                                                : c.output.steps == std::vector<std::string>{last};
  const char* const obstacle = c.output.list_steps ? "--list-steps" : c.output.detail ? "--detail" : !c.verify.files.empty() ? "--verify" : nullptr;
  return chooses_fused_path(c.path, only_last, obstacle, last);
}

// A single sequence in text shows where the decoder looked; several, or words alone, need no steps.
bool needs_trace(const TransformerCommand& c, const TransformerRun& run) {
  return !answers_in_words(c, run) || !c.verify.files.empty() || c.output.list_steps || c.run.strict || (run.written.size() == 1 && c.output.notes);
}

// An encoder writes nothing, and neither does a decoder that was told what to write.
void check_generation(const TransformerCommand& c, const ModelConfig& config) {
  if (config.has_decoder() && !target_given(c)) return;
  const char* option = c.top_k ? "--top-k" : c.temperature ? "--temperature" : c.most_tokens ? "--max-tokens" : nullptr;
  if (option) throw UsageError(option, fmt::format("is about writing, and this run writes nothing: {}", config.has_decoder() ? "the target is given" : "the model is an encoder"));
}

template <class T>
int run_transformer(const TransformerCommand& c) {
  check_verify(c);
  if (c.model.empty()) throw UsageError("--model", "is missing: the folder of a model (config.json, model.safetensors)");
  MemoryBudget budget(c.run.max_memory);
  const Model<T> model = read_model<T>(c.model, c.names, io::MemoryLimit(budget.left()));
  check_generation(c, model.config);
  std::vector<Sequence> sequences = read_sequences(c.sequences, model.config, model.source, model.target);
  const std::size_t longest = longest_sequence(c, model.config, sequences);
  charge_positions(model.config, longest, precision_of<T>(), budget);
  const StackOptions<T> options = stack_options<T>(model.config, longest);
  TransformerRun run;
  run.config = model.config;
  run.output_bias = model.weights.b_out.has_value();
  run.fused = takes_fused_path(c, model, run);
  TorchGenerator random(c.run.seed);
  for (Sequence& sequence : sequences) {
    Generated generated = write_one(c, model, options, sequence, random);
    std::string text = model.target ? model.target->decode(generated.tokens) : text_of(generated.tokens);
    run.written.push_back({std::move(sequence), std::move(generated), std::move(text)});
  }
  label_run(model, run);
  const int found = needs_trace(c, run) ? trace_run(c, model, options, budget, run) : exit_done;
  if (!c.verify.files.empty()) return found;
  present(c, run);
  if (c.run.strict) require_finite(run.trace);
  return exit_done;
}

void add_model_options(CLI::App& app, TransformerCommand& c) {
  const char* group = "Model";
  app.add_option("--model", c.model, "Folder with config.json, model.safetensors and the vocabularies")->type_name("DIR")->group(group);
  app.add_option("--names", c.names, "JSON file that says which tensor of a foreign model holds which parameters")->type_name("MAP")->group(group);
}

void add_sequence_options(CLI::App& app, SequenceOptions& sequences) {
  const char* group = "Sequences";
  app.add_option("--text", sequences.texts, "A text to read; may be given several times")->type_name("WORDS")->group(group)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option_function<std::vector<std::string>>(
         "--tokens", [&sequences](const std::vector<std::string>& rows) {
           for (const std::string& row : rows) sequences.tokens.push_back(parse_tokens("--tokens", row));
         },
         "The same as numbers of tokens, 5,6,7; may be given several times")
      ->type_name("N,…")->group(group)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--text-file", sequences.text_file, "One text a line; - is standard input")->type_name("FILE")->group(group);
  add_word(app, "--target", "WORDS", "What the decoder is to have written already; nothing is generated",
           [&sequences](const std::string& text) { sequences.target = text; })->group(group);
  add_word(app, "--target-tokens", "N,…", "The same as numbers of tokens, the begin token included",
           [&sequences](const std::string& text) { sequences.target_tokens = parse_tokens("--target-tokens", text); })->group(group);
}

void add_decoding_options(CLI::App& app, TransformerCommand& c) {
  const char* group = "Decoding";
  add_count(app, "--max-tokens", c.most_tokens, "Write at most N tokens (default: as many as there are positions, else 32)")->group(group);
  add_count(app, "--top-k", c.top_k, "Draw each token among the K most probable (default: take the most probable)")->group(group);
  add_word(app, "--temperature", "T", "Draw each token from softmax(logits / T), T > 0",
           [&c](const std::string& text) { c.temperature = parse_number("--temperature", text); })->group(group);
  app.add_flag("--no-cache", c.no_cache, "Compute the whole sequence anew for every token; the numbers are the same")->group(group);
}

}  // namespace

Run setup_transformer(CLI::App& app) {
  auto command = std::make_shared<TransformerCommand>();
  add_model_options(app, *command);
  add_sequence_options(app, command->sequences);
  add_decoding_options(app, *command);
  add_run_options(app, command->run);
  add_path_option(app, command->path);
  add_verify_options(app, command->verify);
  add_step_options(app, command->output);
  return [command]() {
    return with_precision(command->run.dtype, [&](auto t) { return run_transformer<decltype(t)>(*command); });
  };
}

}  // namespace attn::tools
