// A whole HTML page: one file with its style, its script and its numbers, which asks nothing of a network.
#pragma once

#include <attn/render/document.hpp>
#include <attn/render/output.hpp>
#include <attn/render/table.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::render {

struct TitledPanel {
  std::string title;
  Panel panel;
};

/// Whether a block says how something went.
enum class Tone { plain, good, bad };

/// A part of a page. What is empty prints nothing; the rest comes in this order.
struct PageBlock {
  std::string title{};
  Tone tone = Tone::plain;  ///< a coloured box unless plain
  std::vector<std::string> paragraphs{};
  std::optional<Section> section{};
  std::vector<TitledPanel> panels{};  ///< side by side
  std::optional<Table> table{};
  std::string drawing{};  ///< fixed-width text
  std::vector<std::string> closing{};  ///< paragraphs
};

/// The page in one language. All editions of a page have the same blocks around the same tensors.
struct PageEdition {
  std::string language;  ///< "en", "zh"
  Words words{};
  std::string title{};
  std::vector<PageBlock> blocks{};
};

struct PageStyle {
  int decimals = 4;
  bool all = false;              ///< leave nothing out, however large the page becomes
  std::size_t cells = 80000;     ///< numbers of the whole page otherwise: less than five megabytes
};

/// The blocks of a document: its introduction, its sections, its closing.
std::vector<PageBlock> page_blocks(const Document& document);

/// Writes the page in its first language, with a switch to the others. Large tensors are shown in part, and
/// the page says so beside each.
void write_page(Output& output, const std::vector<PageEdition>& editions, const PageStyle& style = {});

/// A table as an HTML table, everything escaped.
std::string table_html(const Table& table);

}  // namespace attn::render
