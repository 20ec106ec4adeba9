#include <attn/model/json_fields.hpp>

#include <attn/error.hpp>
#include <attn/io/names.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace attn {
namespace {

using nlohmann::json;

// A value as a message shows it: on one line, and not long.
std::string shown(const json& value) { return io::in_quotes(value.dump()); }

}  // namespace

JsonFields::JsonFields(const json& object, std::string subject, std::string path)
    : object_(&object), subject_(std::move(subject)), path_(std::move(path)) {
  if (object.is_object()) return;
  throw InputError(subject_, fmt::format("{} must be an object {{…}}, found {}", path_.empty() ? "the content" : path_, shown(object)));
}

const json* JsonFields::find(const std::string& key) {
  known_.insert(key);
  const auto found = object_->find(key);
  return found == object_->end() ? nullptr : &*found;
}

std::optional<JsonFields> JsonFields::object(const std::string& key) {
  const json* value = find(key);
  if (!value) return std::nullopt;
  return JsonFields(*value, subject_, path_.empty() ? key : path_ + "." + key);
}

std::optional<std::size_t> JsonFields::whole(const std::string& key, std::size_t least) {
  const json* value = find(key);
  if (!value) return std::nullopt;
  // Sizes beyond 2^31 are mistakes: one row of such a table would not be addressable in its own units.
  constexpr std::size_t most = std::size_t{1} << 31;
  if (!value->is_number_unsigned() || value->get<std::size_t>() < least || value->get<std::size_t>() > most) {
    refuse(key, fmt::format("must be a whole number from {} to 2^31, found {}", least, shown(*value)));
  }
  return value->get<std::size_t>();
}

std::optional<double> JsonFields::number(const std::string& key) {
  const json* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->get<double>())) refuse(key, "must be a number, found " + shown(*value));
  return value->get<double>();
}

std::optional<bool> JsonFields::truth(const std::string& key) {
  const json* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) refuse(key, "must be true or false, found " + shown(*value));
  return value->get<bool>();
}

std::optional<std::string> JsonFields::text(const std::string& key) {
  const json* value = find(key);
  if (!value) return std::nullopt;
  if (!value->is_string()) refuse(key, "must be text, found " + shown(*value));
  return value->get<std::string>();
}

std::optional<std::vector<std::string>> JsonFields::texts(const std::string& key) {
  const json* value = find(key);
  if (!value) return std::nullopt;
  std::vector<std::string> result;
  for (const json& element : value->is_array() ? *value : json::array({*value})) {
    if (!element.is_string()) refuse(key, "must be a list of texts, found " + shown(*value));
    result.push_back(element.get<std::string>());
  }
  return result;
}

void JsonFields::finish() const {
  for (const auto& [key, value] : object_->items()) {
    if (known_.count(key) != 0) continue;
    const std::vector<std::string> known(known_.begin(), known_.end());
    const auto guess = io::near_miss(key, known);
    refuse(key, "is not a field of this file" + (guess ? "; did you mean " + io::in_quotes(*guess) + "?" : " (there are " + io::list_in_quotes(known) + ")"));
  }
}

void JsonFields::refuse(const std::string& key, const std::string& problem) const {
  throw InputError(subject_, io::one_line(path_.empty() ? key : path_ + "." + key) + " " + problem);
}

void JsonFields::refuse_missing(const std::string& key) const { refuse(key, "is missing"); }

void JsonFields::refuse_word(const std::string& key, const std::string& word, const std::vector<std::string>& words) const {
  const auto guess = io::near_miss(word, words);
  refuse(key, fmt::format("must be one of {}, found {}{}", io::list_in_quotes(words), io::in_quotes(word),
                          guess ? "; did you mean " + io::in_quotes(*guess) + "?" : ""));
}

}  // namespace attn
