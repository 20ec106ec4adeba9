// A run as a document for people: one section a step, with formula, shapes, numbers, notes and checks.
#pragma once

#include "attention_command.hpp"
#include "notes.hpp"

#include <attn/render/document.hpp>

namespace attn::tools {

/// One step as a section: symbol, formula, shapes, numbers, notes and checks. `context` is the run, or the
/// block of a layer, that the step is part of; `shown` is everything that the document shows.
render::Section section_of(const NoteContext& context, const Trace& shown, const TraceEntry& entry, int number);

/// For a worksheet: which of the steps shown are to be filled in, and what to do with the sheet.
std::string words_of_worksheet(const OutputOptions& options, const Trace& shown);

/// `shown` are the steps to show, `result` is the complete run they are part of.
render::Document document_of(const AttentionCommand& command, const AttentionResult& result, const Trace& shown);

}  // namespace attn::tools
