#include "layer_options.hpp"

#include "../common/choices.hpp"
#include "../common/numbers.hpp"
#include "ranges.hpp"

#include <attn/error.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace attn::tools {
namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

struct SizesRow {
  const char* option;
  std::vector<cost::Count> LayerOptions::*sizes;
  const char* help;
};
const SizesRow sizes_rows[] = {
    {"--len", &LayerOptions::len, "n: positions of the sequence"},
    {"--d-model", &LayerOptions::d_model, "d: width of a position"},
    {"--kernel", &LayerOptions::kernel, "k: width of the convolution's kernel"},
};

struct SizeRow {
  const char* option;
  std::size_t LayerOptions::*size;
  const char* help;
};
const SizeRow size_rows[] = {
    {"--batch", &LayerOptions::batch, "b: samples (default 1)"},
    {"--heads", &LayerOptions::heads, "h: heads of attention, a divisor of d (default 8)"},
    {"--window", &LayerOptions::window, "r: keys that a query of restricted self-attention sees (default 16)"},
    {"--dilation", &LayerOptions::dilation, "a: taps of layer l are a^l positions apart (default: the kernel's width)"},
    {"--memory-len", &LayerOptions::memory_len, "m: positions that cross-attention reads (default: n)"},
};

std::string default_of(const std::vector<cost::Count>& sizes) {
  std::string text;
  for (const cost::Count size : sizes) text += (text.empty() ? " (default " : ",") + cost::to_string(size);
  return text + ")";
}

void add_sizes(CLI::App& app, LayerOptions& options, const SizesRow& row, bool range) {
  app.add_option_function<std::string>(
         row.option,
         [&options, row, range](const std::string& text) {
           options.*row.sizes = range ? parse_sizes(row.option, text)
                                      : std::vector<cost::Count>{static_cast<cost::Count>(parse_whole(row.option, text, 1, largest))};
         },
         row.help + default_of(options.*row.sizes) + (range ? "; also 64:8192:x2, 64:512:+64 or 1,2,5" : ""))
      ->type_name(range ? "N|RANGE" : "N")
      ->group("Sizes");
}

void add_size(CLI::App& app, LayerOptions& options, const SizeRow& row) {
  app.add_option_function<std::string>(
         row.option, [&options, row](const std::string& text) { options.*row.size = parse_whole(row.option, text, 1, largest); },
         row.help)
      ->type_name("N")
      ->group("Sizes");
}

void add_bytes(CLI::App& app, LayerOptions& options) {
  static const Choices<cost::Count> types = {{"float64", 8}, {"float32", 4}, {"float16", 2}, {"bfloat16", 2}, {"int8", 1}};
  add_choice(app, "--dtype", options.bytes, types, "s: bytes of a number (default float32: 4)")->group("Sizes");
}

void add_layers(CLI::App& app, LayerOptions& options) {
  Choices<cost::Layer> choices;
  for (const cost::LayerInfo& row : cost::layer_table()) {
    choices.emplace_back(row.key, row.layer);
    options.layers.push_back(row.layer);
  }
  app.add_option_function<std::string>(
         "--layers",
         [&options, choices](const std::string& text) {
           options.layers.clear();
           for (const std::string& word : parse_list("--layers", text)) {
             const cost::Layer layer = parse_choice("--layers", word, choices);
             if (std::count(options.layers.begin(), options.layers.end(), layer) > 0) {
               throw UsageError("--layers", fmt::format("'{}' is named twice", word));
             }
             options.layers.push_back(layer);
           }
         },
         "Layers to compare (default: all): " + list_of_words(words_of(choices)))
      ->type_name("NAME,…")
      ->group("Layers");
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void add_layer_options(CLI::App& app, LayerOptions& options, const std::vector<std::string>& names,
                       const std::vector<std::string>& ranges) {
  for (const SizesRow& row : sizes_rows) {
    if (contains(names, row.option)) add_sizes(app, options, row, contains(ranges, row.option));
  }
  for (const SizeRow& row : size_rows) {
    if (contains(names, row.option)) add_size(app, options, row);
  }
  if (contains(names, "--dtype")) add_bytes(app, options);
  if (contains(names, "--layers")) add_layers(app, options);
}

cost::Values values_of(const LayerOptions& o, cost::Count len, cost::Count d_model, cost::Count kernel) {
  if (d_model % static_cast<cost::Count>(o.heads) != 0) {
    throw UsageError("--heads", fmt::format("{} heads do not divide the width {} (--d-model)", o.heads, cost::to_string(d_model)));
  }
  using cost::Letter;
  cost::Values values;
  values[Letter::b] = static_cast<cost::Count>(o.batch);
  values[Letter::h] = static_cast<cost::Count>(o.heads);
  values[Letter::k] = kernel;
  values[Letter::a] = o.dilation != 0 ? static_cast<cost::Count>(o.dilation) : kernel;
  values[Letter::r] = static_cast<cost::Count>(o.window);
  values[Letter::n] = len;
  values[Letter::m] = o.memory_len != 0 ? static_cast<cost::Count>(o.memory_len) : len;
  values[Letter::d] = d_model;
  values[Letter::s] = o.bytes;
  return values;
}

cost::Values values_of(const LayerOptions& o) { return values_of(o, o.len.front(), o.d_model.front(), o.kernel.front()); }

std::string describe(const cost::Values& values, const std::vector<cost::Letter>& letters) {
  std::string text;
  for (const cost::Letter letter : letters) {
    text += text.empty() ? "" : ", ";
    text += fmt::format("{} = {}", cost::letter_table()[static_cast<std::size_t>(letter)].name, cost::to_string(values[letter]));
  }
  return text;
}

}  // namespace attn::tools
