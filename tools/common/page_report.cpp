#include "page_report.hpp"

#include <attn/lessons/words.hpp>

#include <utility>

namespace attn::tools {
namespace {

using lessons::Language;

render::PageEdition edition_of(PageText text, Language language) {
  return {language == Language::zh ? "zh" : "en", lessons::words(language), std::move(text.title), std::move(text.blocks)};
}

render::PageStyle style_of(const OutputOptions& options) {
  render::PageStyle style;
  style.decimals = options.precision.value_or(style.decimals);
  style.all = options.full;
  return style;
}

}  // namespace

void write_page(render::Output& output, const std::function<PageText()>& make, const OutputOptions& options) {
  const Language other = options.language == Language::en ? Language::zh : Language::en;
  std::vector<render::PageEdition> editions;
  for (const Language language : {options.language, other}) {
    const InLanguage speaking(options, language);
    editions.push_back(edition_of(make(), language));
  }
  render::write_page(output, editions, style_of(options));
}

PageText table_page(std::string title, std::vector<std::string> paragraphs, render::Table table) {
  PageText page{std::move(title), {}};
  page.blocks.emplace_back();
  page.blocks.back().paragraphs = std::move(paragraphs);
  if (!table.rows.empty()) page.blocks.back().table = std::move(table);
  return page;
}

}  // namespace attn::tools
