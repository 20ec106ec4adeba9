// Options that take a tensor: a file, standard input, a literal, or a generator such as randn:2x3x4.
#pragma once

#include "cli11_forward.hpp"
#include "memory_budget.hpp"

#include <attn/io/array.hpp>
#include <attn/random.hpp>
#include <attn/tensor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::tools {

enum class GeneratorKind { randn, rand, ones, zeros, arange };

struct Generator {
  GeneratorKind kind;
  Shape shape;
};

/// "randn:2x3x4" as a generator; empty when the text is none. Throws UsageError for a known generator
/// with a bad shape.
std::optional<Generator> parse_generator(const std::string& option, const std::string& text);

/// One tensor of a run, from wherever it comes.
struct TensorArgument {
  std::string option;                    ///< "--query"
  std::string text;                      ///< what was typed, or the default
  std::optional<Generator> generator;    ///< either this
  std::optional<io::Array> array;        ///< or this
  Tensor<float> drawn;                   ///< the generator's numbers, after draw()
  bool is_default = false;               ///< the option was not given
  std::optional<std::size_t> dropped_axis{};  ///< of length 1, which the shape no longer has

  const Shape& shape() const { return generator ? generator->shape : array->shape; }
};

/// The tensor options of a subcommand, and their tensors in the order the command line names them:
/// generators draw from the random stream in that order.
class TensorArguments {
 public:
  explicit TensorArguments(CLI::App& app) : app_(app) {}

  void add(const std::string& option, const std::string& help, const std::string& group = "Tensors");

  /// Reads every file and literal that was given, charging the budget; draws nothing.
  void read(MemoryBudget& budget);

  /// Uses `text` for an option that was not given; it comes after those that were.
  void use_default(const std::string& option, const std::string& text, MemoryBudget& budget);

  /// Takes axis `axis`, which has length 1, off a tensor of rank `rank`; leaves other tensors alone.
  void drop_single_axis(const std::string& option, std::size_t rank, std::size_t axis);

  bool has(const std::string& option) const { return find(option) != nullptr; }
  const TensorArgument* find(const std::string& option) const;
  const std::vector<TensorArgument>& in_order() const { return arguments_; }

  /// Draws the numbers of all generators.
  void draw(TorchGenerator& generator);

  /// The tensor of an option, widened or rounded to T. Its memory moves to the caller: a tensor is taken
  /// once. Throws InputError where a whole number would lose digits.
  template <class T>
  Tensor<T> take(const std::string& option);
  template <class T>
  std::optional<Tensor<T>> take_optional(const std::string& option) {
    if (!has(option)) return std::nullopt;
    return take<T>(option);
  }

 private:
  void read_one(const std::string& option, const std::string& text, MemoryBudget& budget);

  CLI::App& app_;
  std::vector<CLI::Option*> options_;
  std::vector<TensorArgument> arguments_;
};

}  // namespace attn::tools
