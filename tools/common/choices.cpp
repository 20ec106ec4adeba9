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

void add_switch(CLI::App& app, const std::string& group, const SwitchSide& on, const SwitchSide& off, const std::function<void(bool)>& set) {
  // Callbacks run in the order in which options were added, so both look at the order in which they were typed.
  const auto decide = [&app, on = on.flag, off = off.flag, set]() {
    bool value = true;
    for (const CLI::Option* option : app.parse_order()) {
      if (option->check_name(on)) value = true;
      if (option->check_name(off)) value = false;
    }
    set(value);
  };
  for (const SwitchSide* side : {&on, &off}) app.add_flag_callback(side->flag, decide, side->help)->group(group);
}

}  // namespace attn::tools
