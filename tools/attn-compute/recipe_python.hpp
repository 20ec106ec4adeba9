// Python spellings: numbers, texts, tensors, and the files that tensors come from.
#pragma once

#include "../common/output_options.hpp"
#include "../common/tensor_arguments.hpp"

#include <attn/io/named_view.hpp>
#include <attn/tensor.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// "0.5", "-1e+06", "-math.inf", "math.nan": reads back as the same double.
std::string python_number(double number);

/// A string literal.
std::string python_text(const std::string& text);

/// "2, 3, 4"; "5," for one axis, so that parentheses around it make a tuple.
std::string python_sizes(const Shape& shape);

/// "torch.tensor([[1, 2], [3, 4]], dtype=torch.float64)", with every number.
std::string python_tensor(const TensorView& tensor, Precision precision);

/// An expression that makes the same tensor: a generator, the numbers of a literal, or the reading of a
/// file. What cannot be read a second time (standard input, a pipe) is written out in numbers.
std::string python_tensor(const TensorArgument& argument, Precision precision);

/// A weights file as a dictionary of tensors: one or more lines that set `state`. `prefix` is taken off the
/// names; `loaded` are the numbers, for a file that cannot be read again.
std::string python_state(const std::string& path, const std::string& prefix,
                         const std::vector<io::NamedView>& loaded, Precision precision);

/// Definitions and import lines that `body` needs, to be put before it.
std::string python_preamble(const std::string& body);

/// Writes the answer to --show-recipe. Throws UsageError for a --format: it is Python.
void write_recipe(const std::string& recipe, const OutputOptions& options);

}  // namespace attn::tools
