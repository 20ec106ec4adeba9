// Exercises about shapes: one size of one tensor is left blank.
#pragma once

#include <attn/shapes/module.hpp>
#include <attn/shapes/tracer.hpp>

#include <cstdint>
#include <vector>

namespace attn::shapes {

struct Exercise {
  ModuleConfig config;
  ModuleCall call;
  ShapeRow row;             ///< the step that is asked about
  std::size_t blank = 0;    ///< which of its axes
  std::size_t answer = 0;
};

/// The same exercises for the same seed, on every machine.
std::vector<Exercise> make_quiz(std::uint64_t seed, std::size_t count);

/// "(2, ____, 4)"
std::string with_blank(const Exercise& exercise);

}  // namespace attn::shapes
