// The lesson files as the build put them into the library (cmake/EmbedLessons.cmake).
#pragma once

#include <string_view>

namespace attn::lessons {

extern const std::string_view embedded_en;
extern const std::string_view embedded_zh;
extern const std::string_view embedded_mistakes_en;
extern const std::string_view embedded_mistakes_zh;
extern const std::string_view embedded_variants_en;
extern const std::string_view embedded_variants_zh;
extern const std::string_view embedded_shapes_en;
extern const std::string_view embedded_shapes_zh;

}  // namespace attn::lessons
