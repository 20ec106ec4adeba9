// The words renderers print, in the language of a lesson.
#pragma once

#include <attn/lessons/lesson.hpp>
#include <attn/render/document.hpp>

namespace attn::lessons {

render::Words words(Language language);

}  // namespace attn::lessons
