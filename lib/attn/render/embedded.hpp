// The style sheets and the script of pages as the build put them into the library (cmake/EmbedPage.cmake).
#pragma once

#include <string_view>

namespace attn::render {

extern const std::string_view embedded_matrix_css;
extern const std::string_view embedded_page_css;
extern const std::string_view embedded_page_js;

}  // namespace attn::render
