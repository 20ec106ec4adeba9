#include "score_options.hpp"

#include "../common/choices.hpp"
#include "../common/numbers.hpp"

#include <attn/dtype.hpp>
#include <attn/error.hpp>
#include <attn/io/array.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <limits>

namespace attn::tools {
namespace {

constexpr auto most_positions = static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max() / 4);

void set_scale(ScoreOptions& options, const std::string& text) {
  options.scale_text = text;
  options.scale.reset();
  if (text == "none") options.scale = 1.0;
  if (text != "none" && text != "auto") options.scale = parse_number("--scale", text);
}

double parse_positive(const std::string& option, const std::string& text) {
  const double number = parse_number(option, text);
  if (!(number > 0)) throw UsageError(option, fmt::format("expected a number above 0, found '{}'", text));
  return number;
}

double parse_probability(const std::string& option, const std::string& text) {
  const double number = parse_number(option, text);
  if (number < 0 || number > 1) throw UsageError(option, fmt::format("expected a probability from 0 to 1, found '{}'", text));
  return number;
}

Window parse_window(const std::string& text) {
  const std::vector<std::string> sides = parse_list("--window", text);
  if (sides.size() != 2) throw UsageError("--window", fmt::format("expected LEFT,RIGHT such as 2,0 or -1,1, found '{}'", text));
  const auto side = [&text](const std::string& part) -> std::optional<std::size_t> {
    if (part == "-1") return std::nullopt;
    try {
      return parse_whole("--window", part, 0, most_positions);
    } catch (const UsageError&) {
      throw UsageError("--window", fmt::format("expected a whole number from 0, or -1 for no bound, found '{}' in '{}'", part, text));
    }
  };
  return {side(sides[0]), side(sides[1])};
}

std::vector<std::size_t> parse_lengths(const std::string& text) {
  std::vector<std::size_t> lengths;
  for (const std::string& part : parse_list("--valid-lens", text)) {
    lengths.push_back(parse_whole("--valid-lens", part, 0, most_positions));
  }
  return lengths;
}

template <class Set>
void add_text(CLI::App& app, const char* option, const char* type, const char* group, const std::string& help, Set set) {
  app.add_option_function<std::string>(option, set, help)->type_name(type)->group(group);
}

void add_mask_options(CLI::App& app, ScoreOptions& o, TensorArguments& tensors) {
  const char* group = "Masks";
  app.add_flag("--causal", o.causal, "Query i sees keys up to its own position")->group(group);
  static const Choices<CausalAlign> aligns = {{"top-left", CausalAlign::top_left},
                                              {"bottom-right", CausalAlign::bottom_right}};
  app.add_option_function<std::string>(
         "--causal-align",
         [&o](const std::string& word) {
           o.causal_align = parse_choice("--causal-align", word, aligns);
           o.causal_align_given = true;
         },
         "Where the diagonal of --causal and --window starts when lengths differ (default top-left; a cache shifts it "
         "by its length)")
      ->type_name(alternatives(words_of(aligns)))
      ->group(group);
  add_text(app, "--valid-lens", "N,N,…", group, "Valid keys of each sample; later keys are padding",
           [&o](const std::string& text) { o.valid_lens = parse_lengths(text); });
  add_text(app, "--window", "LEFT,RIGHT", group, "Keys this far left and right of the query's position; -1 unbounded",
           [&o](const std::string& text) { o.window = parse_window(text); });
  tensors.add("--mask", "Mask of rank 1 to 4, broadcast from the right to (B, H, Lq, Lk)", group);
  static const Choices<MaskMeans> meanings = {{"keep", MaskMeans::keep}, {"drop", MaskMeans::drop}, {"add", MaskMeans::add}};
  add_choice(app, "--mask-means", o.mask_means, meanings,
             "What --mask says: 1 keeps a key, 1 drops it, or a number to add (default: keep for booleans, add for "
             "floating point)")
      ->group(group);
  static const Choices<MaskShort> shorts = {{"error", MaskShort::error}, {"drop", MaskShort::drop}};
  add_choice(app, "--mask-short", o.mask_short, shorts, "A mask with fewer columns than keys (default error)")->group(group);
  add_text(app, "--mask-fill", "X", group, "Score written over a forbidden key: -inf or a number (default -inf)",
           [&o](const std::string& text) {
             o.mask_fill.reset();
             if (text != "-inf") o.mask_fill = parse_number("--mask-fill", text);
           });
  static const Choices<MaskedRows> rows = {{"zero", MaskedRows::zero}, {"nan", MaskedRows::nan}, {"uniform", MaskedRows::uniform}};
  add_choice(app, "--masked-rows", o.masked_rows, rows,
             "Weights of a query that may see no key (default zero; with a finite --mask-fill, what softmax gives)")
      ->group(group);
}

// Booleans, or numbers that are exactly 0 or 1, as a tensor to add.
template <class T>
Tensor<T> additive(Tensor<T> flags, T kept, const std::string& subject) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    T& flag = flags.data()[i];
    if (flag != 0 && flag != 1) {
      throw InputError(subject, fmt::format("element {} is {}, expected 0 or 1 for --mask-means keep or drop", i, flag));
    }
    flag = flag == kept ? T{0} : -std::numeric_limits<T>::infinity();
  }
  return flags;
}

// The columns a short mask does not have are forbidden.
template <class T>
Tensor<T> lengthened(const Tensor<T>& mask, std::size_t keys) {
  Shape shape = shape_of(mask);
  const std::size_t columns = shape.back();
  if (columns == 0) return mask;  // refused later, with both shapes
  shape.back() = keys;
  Tensor<T> longer = filled<T>(shape, -std::numeric_limits<T>::infinity());
  for (std::size_t row = 0; row < mask.size() / columns; ++row) {
    std::copy_n(mask.data() + row * columns, columns, longer.data() + row * keys);
  }
  return longer;
}

template <class T>
Tensor<T> given_mask(const ScoreOptions& options, TensorArguments& tensors, std::size_t keys) {
  const TensorArgument& argument = *tensors.find(options.mask_option);
  const std::string subject = options.mask_option + " " + argument.text;
  const MaskMeans means = meaning_of_mask(options, argument);
  Tensor<T> mask = tensors.take<T>(options.mask_option);
  if (mask.dimension() == 0 || mask.dimension() > 4) {
    throw InputError(subject, "expected rank 1 to 4, found shape " + to_string(shape_of(mask)));
  }
  if (means != MaskMeans::add) mask = additive<T>(std::move(mask), means == MaskMeans::keep ? T{1} : T{0}, subject);
  const std::size_t columns = mask.shape().back();
  // One column is broadcast to all keys; only two or more can be "short".
  if (options.mask_short.value_or(MaskShort::error) == MaskShort::drop && columns > 1 && columns < keys) return lengthened(mask, keys);
  return mask;
}

}  // namespace

void add_score_options(CLI::App& app, ScoreOptions& o, TensorArguments& tensors, const std::string& default_scale) {
  set_scale(o, default_scale);
  add_text(app, "--scale", "X", "Scores",
           "Factor on the scores: auto (1/sqrt(D)), none, or a number (default " + default_scale + ")",
           [&o](const std::string& text) { set_scale(o, text); });
  add_text(app, "--softcap", "C", "Scores", "Soft cap: c*tanh(score/c), before the mask",
           [&o](const std::string& text) { o.softcap = parse_positive("--softcap", text); });
  add_text(app, "--dropout", "P", "Scores", "Drop each weight with probability P, as PyTorch does in training",
           [&o](const std::string& text) { o.dropout = parse_probability("--dropout", text); });
  tensors.add("--past-key", "Cached keys (B, Hk, P, D), put before the new ones", "Scores");
  tensors.add("--past-value", "Cached values (B, Hk, P, Dv)", "Scores");
  add_mask_options(app, o, tensors);
}

void check_score_options(const ScoreOptions& o, const TensorArguments& tensors, bool rule_elsewhere) {
  if (tensors.has("--past-key") != tensors.has("--past-value")) {
    throw UsageError("--past-key", "a cache needs --past-key and --past-value together");
  }
  if (o.causal_align_given && !o.causal && !o.window.bounded()) {
    throw UsageError("--causal-align", "has no effect without --causal or --window");
  }
  const bool given = tensors.has("--mask") || tensors.has("--memory-mask");
  if (!given && o.mask_means) throw UsageError("--mask-means", "has no effect without --mask");
  if (!given && o.mask_short) throw UsageError("--mask-short", "has no effect without --mask");
  if (given || o.any_rule() || rule_elsewhere) return;
  constexpr const char* without_rule = "has no effect without a mask option, such as --causal, --valid-lens or --mask";
  if (o.masked_rows) throw UsageError("--masked-rows", without_rule);
  if (o.mask_fill) throw UsageError("--mask-fill", without_rule);
}

MaskMeans meaning_of_mask(const ScoreOptions& options, const TensorArgument& mask) {
  if (options.mask_means) return *options.mask_means;
  if (mask.generator) return MaskMeans::add;
  const DType dtype = mask.array->dtype;
  if (dtype == DType::boolean) return MaskMeans::keep;
  if (is_floating(dtype)) return MaskMeans::add;
  throw UsageError(mask.option + " " + mask.text, "holds whole numbers; say with --mask-means whether 1 keeps a key (keep), drops it (drop), or is added (add)");
}

std::size_t past_length(const TensorArguments& tensors) {
  const TensorArgument* past = tensors.find("--past-key");
  return past && past->shape().size() == 4 ? past->shape()[2] : 0;
}

// check_mask with the options named that are to blame. Lengths are typed and so a mistake of the command line;
// a mask may have been read.
template <class T>
void check_rules(const MaskRules<T>& rules, const Sizes& sizes, const TensorArguments& tensors, const ScoreOptions& options) {
  const auto problem_of = [&sizes](const MaskRules<T>& part) -> std::optional<std::string> {
    try {
      check_mask(part, sizes);
      return std::nullopt;
    } catch (const ShapeError& error) {
      const std::string problem = error.what();
      return problem.substr(problem.find(": ") + 2);
    }
  };
  MaskRules<T> without_given = rules;
  without_given.given.reset();
  if (const auto problem = problem_of(without_given)) throw UsageError(options.valid_lens_option, *problem);
  if (!rules.given) return;
  if (const auto problem = problem_of(rules)) throw ShapeError(options.mask_option + " " + tensors.find(options.mask_option)->text, *problem);
}

template <class T>
AttentionOptions<T> attention_options(const ScoreOptions& o, TensorArguments& tensors, const Sizes& sizes, std::size_t appended_keys) {
  AttentionOptions<T> options;
  options.scale = o.scale;
  options.softcap = o.softcap;
  options.mask.causal = o.causal;
  options.mask.align = o.causal_align;
  options.mask.valid_lens = o.valid_lens;
  options.mask.window = o.window;
  if (tensors.has(o.mask_option)) options.mask.given = given_mask<T>(o, tensors, sizes.key_len - appended_keys);
  options.mask.exempt_keys = appended_keys;
  check_rules(options.mask, sizes, tensors, o);
  options.mask.exempt_keys = 0;  // set by the computation that appends them
  if (o.mask_fill) options.mask_fill = static_cast<T>(*o.mask_fill);
  options.masked_rows = o.masked_rows;
  if (o.takes_cache) {
    options.past_key = tensors.take_optional<T>("--past-key");
    options.past_value = tensors.take_optional<T>("--past-value");
  }
  options.dropout_p = o.dropout;
  return options;
}

template AttentionOptions<float> attention_options(const ScoreOptions&, TensorArguments&, const Sizes&, std::size_t);
template AttentionOptions<double> attention_options(const ScoreOptions&, TensorArguments&, const Sizes&, std::size_t);

}  // namespace attn::tools
