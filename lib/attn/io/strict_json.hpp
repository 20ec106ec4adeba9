// JSON as this project reads it: stricter than the parser it stands on.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace attn::io {

/// The document, or InputError naming line and column. Refused beyond the grammar: a key given twice in
/// one object, nesting deeper than 64, a number outside the range of float64. -0 keeps its sign.
nlohmann::json parse_strict_json(std::string_view text, const std::string& subject);

}  // namespace attn::io
