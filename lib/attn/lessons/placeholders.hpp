// The values of a run in the text of a lesson: "{D}" is replaced by one, "{Lq|query|queries}" by the word that fits
// that number.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace attn::lessons {

/// Values for placeholders, without their braces: {"D", "64"}. A placeholder without a value is printed
/// as its bare name, which for the letters of shape.hpp still reads well.
using Placeholders = std::map<std::string, std::string, std::less<>>;

/// The text with its placeholders replaced. Behind a stray brace, which has_sound_placeholders() finds, it ends.
std::string filled_in(std::string_view text, const Placeholders& values);

/// Whether every brace is part of a placeholder.
bool has_sound_placeholders(std::string_view text);

/// Every name that may stand between braces in a lesson file.
const std::vector<std::string_view>& placeholder_names();

/// The names between braces in a text, in order, each once.
std::vector<std::string> placeholders_in(std::string_view text);

}  // namespace attn::lessons
