// The backward pass of a run: its options, and its gradients beside finite differences, in every format.
#pragma once

#include "attention_command.hpp"

#include <attn/random.hpp>
#include <attn/verify/problem.hpp>

namespace attn::tools {

/// --upstream and --measure, and the output options of a backward pass.
void add_gradient_options(CLI::App& app, AttentionCommand& command);

/// The gradient of the loss with respect to the output: --upstream, else standard normal numbers, drawn last of
/// everything.
Tensor<double> take_upstream(AttentionCommand& command, const Shape& output, TorchGenerator& random);

/// Computes and writes the gradients. Throws NonFiniteError after writing, under --strict.
int present_gradient(const AttentionCommand& command, const Sizes& sizes, const Problem<double>& problem, const Tensor<double>& upstream);

}  // namespace attn::tools
