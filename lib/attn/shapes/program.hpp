// Follows the shapes of tensors through a pasted program, statement by statement.
#pragma once

#include <attn/shapes/claims.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// What a program says about attention.
struct Program {
  std::vector<CheckedCall> calls;        ///< modules, each with its call if there is one
  std::vector<Finding> findings;         ///< about the code itself: keywords, tuples, argument order
  std::optional<std::size_t> head_dim;   ///< a variable d_k or head_dim
  bool batch_first_input = false;        ///< it reads the batch off axis 0: `N, L = x.shape`
};

/// Of a program, or of a page of text whose programs stand between fences of three backticks.
Program run_program(std::string_view page);

}  // namespace attn::shapes
