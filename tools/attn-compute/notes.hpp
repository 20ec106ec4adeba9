// Which notes stand beside which step of a run: a table of rules over what the run did.
#pragma once

#include "attention_command.hpp"

#include <attn/lessons/lesson.hpp>

#include <string>
#include <vector>

namespace attn::tools {

/// A run as the rules see it.
struct NoteContext {
  NoteContext(const AttentionCommand& run_command, const AttentionResult& run_result);

  const AttentionCommand& command;
  const AttentionResult& result;
  const ScoreOptions& scores;      ///< of the command, or of this block of a layer
  const Sizes& sizes;
  std::size_t appended_keys = 0;   ///< by the module itself: bias_k, and the zero key of add_zero_attn
  std::size_t fully_masked_rows = 0;
  bool some_forbidden = false;     ///< the mask takes a key out
  bool only_forbids = true;        ///< it holds 0 and −inf only
  bool some_see_one_key = false;   ///< a query may see exactly one key
  bool forbidden_weighted = false; ///< a forbidden key has a weight in a row with others to see
  lessons::Placeholders values;   ///< for the text's {D}, {scale}, …

  bool has(Step step) const { return result.trace.find(step) != nullptr; }
  bool is(const char* subcommand) const { return command.subcommand == subcommand; }
};

/// The notes of a step, in reading order.
std::vector<std::string> notes_of(Step step, const NoteContext& context);

/// The paragraphs before the first step and after the last.
std::vector<std::string> introduction(const NoteContext& context);
std::vector<std::string> closing(const NoteContext& context);

}  // namespace attn::tools
