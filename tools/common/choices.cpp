#include "choices.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace attn::tools {

std::string list_of_words(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "|") + word;
  return text;
}

CLI::Option* add_word(CLI::App& app, const std::string& option, const std::string& type, const std::string& help,
                      std::function<void(const std::string&)> set) {
  return app.add_option_function<std::string>(option, std::move(set), help)->type_name(type);
}

}  // namespace attn::tools
