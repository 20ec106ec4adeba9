// Options whose value is one of a few words: a table of rows, from which the help text, the parser and
// "did you mean" are made.
#pragma once

#include "cli11_forward.hpp"
#include "suggest.hpp"

#include <attn/error.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace attn::tools {

template <class Value>
using Choices = std::vector<std::pair<std::string, Value>>;

/// "a, b or c", for help texts and errors.
std::string list_of_words(const std::vector<std::string>& words);

/// "a|b|c", for the value of an option in its help.
std::string alternatives(const std::vector<std::string>& words);

template <class Value>
std::vector<std::string> words_of(const Choices<Value>& choices) {
  std::vector<std::string> words;
  for (const auto& choice : choices) words.push_back(choice.first);
  return words;
}

/// The value of `word`; throws UsageError naming the option, the words allowed and the nearest one.
template <class Value>
Value parse_choice(const std::string& option, const std::string& word, const Choices<Value>& choices) {
  for (const auto& [name, value] : choices) {
    if (name == word) return value;
  }
  const std::vector<std::string> words = words_of(choices);
  throw UsageError(option, "expected " + list_of_words(words) + ", found '" + word + "'" + did_you_mean(word, words));
}

/// Adds an option whose value, shown in the help as `type`, is handed to `set`.
CLI::Option* add_word(CLI::App& app, const std::string& option, const std::string& type, const std::string& help,
                      std::function<void(const std::string&)> set);

/// One of two flags that contradict each other.
struct SwitchSide {
  std::string flag, help;
};

/// Adds two flags of which the later one on the command line wins: set(true) for `on`, set(false) for `off`.
void add_switch(CLI::App& app, const std::string& group, const SwitchSide& on, const SwitchSide& off, const std::function<void(bool)>& set);

/// Adds an option that sets `target` (a Value or std::optional<Value>) to one of `choices`.
template <class Target, class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& option, Target& target, const Choices<Value>& choices,
                        const std::string& help) {
  return add_word(app, option, alternatives(words_of(choices)), help,
                  [&target, option, choices](const std::string& word) { target = parse_choice(option, word, choices); });
}

}  // namespace attn::tools
