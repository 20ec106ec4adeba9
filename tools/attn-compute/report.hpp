// A run as a document for people: one section a step, with formula, shapes, numbers, notes and checks.
#pragma once

#include "attention_command.hpp"

#include <attn/render/document.hpp>

namespace attn::tools {

/// `shown` are the steps to show, `result` is the complete run they are part of.
render::Document document_of(const AttentionCommand& command, const AttentionResult& result, const Trace& shown);

}  // namespace attn::tools
