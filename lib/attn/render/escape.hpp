// How arbitrary text is spelled inside each format. Malformed UTF-8 comes out as U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace attn::render {

/// RFC 4180: quoted only if it holds a comma, a quote, a line break or an outer space.
std::string csv_field(std::string_view text);

/// With its quotes, as RFC 8259 asks.
std::string json_string(std::string_view text);

/// For running text and table cells of Markdown: | \ ` * _ < > # $ and brackets are escaped.
std::string markdown_text(std::string_view text);

/// For text and quoted attributes of HTML: & < > " ' are written as character references.
std::string html_text(std::string_view text);

}  // namespace attn::render
