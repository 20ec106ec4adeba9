// Reports as pages for a browser: every kind of result, in both languages.
#pragma once

#include "output_options.hpp"

#include <attn/render/html_page.hpp>

#include <functional>
#include <string>
#include <vector>

namespace attn::tools {

/// While it lives, the words of a run are in this language.
class InLanguage {
 public:
  InLanguage(const OutputOptions& options, lessons::Language language) : options_(options), before_(options.language) {
    options.language = language;
  }
  ~InLanguage() { options_.language = before_; }
  InLanguage(const InLanguage&) = delete;
  InLanguage& operator=(const InLanguage&) = delete;

 private:
  const OutputOptions& options_;
  lessons::Language before_;
};

/// A page in one language, without the words that renderers print themselves.
struct PageText {
  std::string title;
  std::vector<render::PageBlock> blocks;
};

/// Writes the page that `make` gives, called once for each language, the reader's first.
void write_page(render::Output& output, const std::function<PageText()>& make, const OutputOptions& options);

/// A page that is one table below a few paragraphs.
PageText table_page(std::string title, std::vector<std::string> paragraphs, render::Table table);

}  // namespace attn::tools
