// What a row is called: a step of the step table, or something between two steps that the table does not have.
#pragma once

#include <attn/steps.hpp>

#include <string_view>

namespace attn::shapes {

class StepName {
 public:
  StepName(Step step) : text_(name_of(step)) {}             // NOLINT: a step is its name
  StepName(std::string_view text) : text_(text) {}          // NOLINT: the text must outlive the name
  StepName(const char* text) : text_(text) {}               // NOLINT
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace attn::shapes
