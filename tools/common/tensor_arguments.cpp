#include "tensor_arguments.hpp"

#include "choices.hpp"
#include "numbers.hpp"

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/io/source.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace attn::tools {
namespace {

const Choices<GeneratorKind>& generator_kinds() {
  static const Choices<GeneratorKind> kinds = {{"randn", GeneratorKind::randn},
                                               {"rand", GeneratorKind::rand},
                                               {"ones", GeneratorKind::ones},
                                               {"zeros", GeneratorKind::zeros},
                                               {"arange", GeneratorKind::arange}};
  return kinds;
}

Shape parse_shape(const std::string& option, const std::string& text) {
  Shape shape;
  std::size_t start = 0;
  while (true) {
    const std::size_t cross = text.find('x', start);
    shape.push_back(parse_whole(option, text.substr(start, cross - start), 1, std::numeric_limits<std::ptrdiff_t>::max()));
    if (cross == std::string::npos) return shape;
    start = cross + 1;
  }
}

// arange:2x3 counts 0, 1, 2, … through the tensor in row-major order.
Tensor<float> counted(const Shape& shape) {
  Tensor<float> tensor = empty<float>(shape);
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<float>(i);
  return tensor;
}

Tensor<float> generate(const Generator& generator, TorchGenerator& random) {
  switch (generator.kind) {
    case GeneratorKind::randn: return randn(random, generator.shape);
    case GeneratorKind::rand: return rand(random, generator.shape);
    case GeneratorKind::ones: return filled<float>(generator.shape, 1);
    case GeneratorKind::zeros: return filled<float>(generator.shape, 0);
    case GeneratorKind::arange: return counted(generator.shape);
  }
  throw std::logic_error("unknown generator");
}

}  // namespace

std::optional<Generator> parse_generator(const std::string& option, const std::string& text) {
  if (text.empty()) throw UsageError(option, "expected a tensor, found nothing");
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  for (const auto& [name, kind] : generator_kinds()) {
    if (text.compare(0, colon, name) == 0) return Generator{kind, parse_shape(option, text.substr(colon + 1))};
  }
  // A word and a shape, and no such file: a generator was meant.
  const std::string word = text.substr(0, colon);
  const bool shape_follows = text.find_first_not_of("0123456789x", colon + 1) == std::string::npos && colon + 1 < text.size();
  const bool is_word = !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  if (is_word && shape_follows && !io::is_file(text) && !io::is_file(word)) parse_choice(option, word, generator_kinds());
  return std::nullopt;
}

void TensorArguments::add(const std::string& option, const std::string& help, const std::string& group) {
  // The value is taken from the option's results, in the order of the command line; see read().
  options_.push_back(app_.add_option_function<std::string>(option, [](const std::string&) {}, help)
                         ->type_name("T")
                         ->group(group));
}

void TensorArguments::read(MemoryBudget& budget) {
  for (const CLI::Option* option : app_.parse_order()) {
    if (std::find(options_.begin(), options_.end(), option) == options_.end()) continue;
    read_one("--" + option->get_lnames().front(), option->results().front(), budget);
  }
}

void TensorArguments::use_default(const std::string& option, const std::string& text, MemoryBudget& budget) {
  if (has(option)) return;
  read_one(option, text, budget);
  arguments_.back().is_default = true;
}

void TensorArguments::read_one(const std::string& option, const std::string& text, MemoryBudget& budget) {
  TensorArgument argument{option, text, parse_generator(option, text), std::nullopt, {}};
  if (argument.generator) {
    const std::optional<std::size_t> count = element_count(argument.generator->shape);
    const std::size_t limit = std::numeric_limits<std::size_t>::max() / sizeof(float);
    budget.charge(count && *count < limit ? *count * sizeof(float) : std::numeric_limits<std::size_t>::max(),
                  option + " " + text);
    if (argument.generator->kind == GeneratorKind::arange && *count > (std::size_t{1} << 24)) {
      throw UsageError(option, fmt::format("{} counts beyond 2^24, where float32 skips whole numbers", text));
    }
  } else {
    argument.array = io::read_array(text, option, io::MemoryLimit(budget.left()));
    budget.charge(argument.array->bytes.size, option + " " + text);
  }
  arguments_.push_back(std::move(argument));
}

void TensorArguments::drop_single_axis(const std::string& option, std::size_t rank, std::size_t axis) {
  for (TensorArgument& argument : arguments_) {
    Shape& shape = argument.generator ? argument.generator->shape : argument.array->shape;
    if (argument.option != option || shape.size() != rank || shape[axis] != 1) continue;
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
    argument.dropped_axis = axis;
  }
}

const TensorArgument* TensorArguments::find(const std::string& option) const {
  for (const TensorArgument& argument : arguments_) {
    if (argument.option == option) return &argument;
  }
  return nullptr;
}

void TensorArguments::draw(TorchGenerator& random) {
  for (TensorArgument& argument : arguments_) {
    if (argument.generator) argument.drawn = generate(*argument.generator, random);
  }
}

template <class T>
Tensor<T> TensorArguments::take(const std::string& option) {
  const auto found = std::find_if(arguments_.begin(), arguments_.end(),
                                  [&](const TensorArgument& argument) { return argument.option == option; });
  if (found == arguments_.end()) throw std::logic_error("no tensor for " + option);
  if (found->array) {
    Tensor<T> tensor = io::to_tensor<T>(*found->array, option + " " + found->text);
    io::forget_pages(found->array->bytes);
    found->array->bytes = {};
    return tensor;
  }
  const Tensor<float> drawn = std::move(found->drawn);
  Tensor<T> tensor = empty<T>(shape_of(drawn));
  std::copy(drawn.data(), drawn.data() + drawn.size(), tensor.data());
  return tensor;
}

template Tensor<float> TensorArguments::take(const std::string&);
template Tensor<double> TensorArguments::take(const std::string&);

}  // namespace attn::tools
