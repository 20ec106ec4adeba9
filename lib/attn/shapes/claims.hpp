// Claims about attention, as a program or as bare shapes, held against what the modules do.
#pragma once

#include <attn/shapes/api.hpp>
#include <attn/shapes/rules.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// What is said beside the program.
struct StatedShapes {
  std::optional<Shape> input, key, value, output, attn_mask, key_padding_mask;
  std::optional<std::size_t> head_dim;
  bool batch_first_input = false;  ///< the input's axes are said to begin with the batch
};

/// A module of the program and one call of it; sizes that are not known are zero or empty.
struct CheckedCall {
  ModuleConfig config;
  ModuleCall call;
  const Api* api = nullptr;         ///< whose class it is; nullptr for a module given by its sizes alone
  std::optional<Shape> output{};    ///< what the program, or the user, says comes out
  std::vector<std::string> unknown{};  ///< "embed_dim = width": what the program does not fix
  std::optional<Finding> transposed{};  ///< its input is a transposed matrix, which is wrong only beside another contradiction
  std::set<Role> open{};               ///< the arguments, of the constructor and of the call, that this leaves open
};

struct CheckResult {
  std::vector<Finding> findings;    ///< in the order of the program; each once
  std::vector<CheckedCall> calls;   ///< every module that was checked, with or without a call
};

/// Reads the program (python.hpp), follows the shapes through it, and finds everything that contradicts.
/// Stated shapes belong to the last module. A program without any known module gives no calls.
CheckResult check_program(std::string_view source, const StatedShapes& stated);

/// The same for a module given by its sizes.
CheckResult check_module(const ModuleConfig& config, const StatedShapes& stated);

/// A consistent module near a contradictory one.
struct Alternative {
  ModuleConfig config;
  Shape input, output;
  std::size_t changes = 0;  ///< how many of the stated numbers differ
};

/// Consistent configurations that change the fewest numbers of the first call, nearest first, at most four.
std::vector<Alternative> nearest_consistent(const CheckedCall& call);

}  // namespace attn::shapes
