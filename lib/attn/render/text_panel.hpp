// One panel as matrices of text, side by side where the page is wide enough.
#pragma once

#include <attn/render/output.hpp>
#include <attn/render/text.hpp>

namespace attn::render {

/// Writes the panel, every line indented by `indent` columns and at most style.width columns wide.
///
///     batch 0, head 0                   batch 0, head 1
///              Lk 0     Lk 1                     Lk 0     Lk 1
///     Lq 0 ⎡  0.5312   0.4688 ⎤         Lq 0 ⎡  0.5100   0.4900 ⎤
///     Lq 1 ⎣  0.4688   0.5312 ⎦         Lq 1 ⎣  0.2000   0.8000 ⎦
///
/// Columns that do not fit are left out in the middle, or with extent.all follow in blocks below.
void write_text_panel(Buffer& buffer, const Panel& panel, const TextStyle& style, std::size_t indent);

}  // namespace attn::render
