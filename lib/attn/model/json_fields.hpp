// Reading a JSON object field by field: each value is checked as it is taken, and what nobody took is refused.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace attn {

/// One JSON object. Every error is an InputError that names the file and the path of the field.
class JsonFields {
 public:
  /// `path` is the object's own place in the file: "sizes"; empty for the outermost. Throws if it is no object.
  JsonFields(const nlohmann::json& object, std::string subject, std::string path = "");

  /// Null where there is no such field.
  const nlohmann::json* find(const std::string& key);

  /// The object under the key; empty when absent.
  std::optional<JsonFields> object(const std::string& key);

  /// A whole number from `least` on, a finite number, true or false, text. Empty when absent.
  std::optional<std::size_t> whole(const std::string& key, std::size_t least = 0);
  std::optional<double> number(const std::string& key);
  std::optional<bool> truth(const std::string& key);
  std::optional<std::string> text(const std::string& key);
  std::optional<std::vector<std::string>> texts(const std::string& key);

  /// The value that one of a few words stands for; empty when absent.
  template <class Value>
  std::optional<Value> choice(const std::string& key, const std::vector<std::pair<std::string, Value>>& choices) {
    const std::optional<std::string> word = text(key);
    if (!word) return std::nullopt;
    std::vector<std::string> words;
    for (const auto& [name, value] : choices) {
      if (name == *word) return value;
      words.push_back(name);
    }
    refuse_word(key, *word, words);
  }

  /// Throws unless the field was there.
  template <class Value>
  Value require(const std::string& key, std::optional<Value> value) const {
    if (!value) refuse_missing(key);
    return *std::move(value);
  }

  /// Throws if the object has a field that nobody asked for; names it and the nearest one that is known.
  void finish() const;

  /// Throws InputError about this field: "config.json: sizes.heads PROBLEM".
  [[noreturn]] void refuse(const std::string& key, const std::string& problem) const;

 private:
  [[noreturn]] void refuse_missing(const std::string& key) const;
  [[noreturn]] void refuse_word(const std::string& key, const std::string& word, const std::vector<std::string>& words) const;

  const nlohmann::json* object_;
  std::string subject_;
  std::string path_;
  std::set<std::string> known_;
};

}  // namespace attn
