// What the error messages of frameworks mean when the code around them is attention.
#pragma once

#include <attn/shapes/step_name.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::shapes {

/// One kind of message. In a pattern {name} stands for a number, a list of sizes such as [2, 4] or (2, 4), or
/// a name; {} for any of them; "…" for anything up to what follows. The rest is literal, whatever the case.
/// Sentences: lesson entries "shapes.why.ID" (what went wrong, in attention terms) and "shapes.fix.ID".
struct ErrorRule {
  std::string_view id;
  std::string_view framework;  ///< "PyTorch", "TensorFlow", …
  std::vector<StepName> steps; ///< where in attention
  std::string_view pattern;
};

const std::vector<ErrorRule>& error_rules();

/// "q, k, v": the steps of a rule.
std::string steps_text(const ErrorRule& rule);

struct ErrorMatch {
  const ErrorRule* rule;
  std::map<std::string, std::string, std::less<>> values;
};

/// The first rule of the table that fits somewhere in the text; empty when none does.
std::optional<ErrorMatch> explain_error(std::string_view text);

/// The values of a pattern's names, if it fits somewhere in the text.
std::optional<std::map<std::string, std::string, std::less<>>> match_pattern(std::string_view pattern,
                                                                             std::string_view text);

}  // namespace attn::shapes
