// What a run of a Transformer looks like: the text it wrote, where it looked, and the steps that were asked for.
#pragma once

#include "../common/output_options.hpp"
#include "transformer_run.hpp"

#include <attn/render/document.hpp>
#include <attn/render/json.hpp>
#include <attn/render/table.hpp>

#include <string>

namespace attn::tools {

/// One line a sequence: what was written.
std::string written_lines(const TransformerRun& run);

/// One row a token: how probable it was, and where the last decoder layer looked in the source.
render::Table alignment_table(const TransformerRun& run, lessons::Language language);

/// The steps in `shown`, one section each, with token labels where there is one sequence.
render::Document transformer_document(const TransformerRun& run, const Trace& shown, const OutputOptions& options);

/// "sequences": what was read and written, for the head of the JSON.
render::Json sequences_json(const TransformerRun& run);

}  // namespace attn::tools
