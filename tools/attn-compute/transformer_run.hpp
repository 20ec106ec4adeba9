// A finished run of a Transformer: what was written, and, where it is to be shown, every step.
#pragma once

#include "sequences.hpp"

#include <attn/model/config.hpp>
#include <attn/ops/decoding.hpp>
#include <attn/trace.hpp>

#include <memory>
#include <string>
#include <vector>

namespace attn::tools {

struct Written {
  Sequence sequence;
  Generated generated;  ///< empty for an encoder, and for a target that was given
  std::string text;     ///< of the generated tokens; their numbers where there is no vocabulary
};

struct TransformerRun {
  ModelConfig config;
  bool output_bias = false;                  ///< the map to the logits has one
  std::vector<Written> written;
  bool fused = false;                        ///< the trace is the last step alone, computed tile by tile
  Trace trace;                               ///< of one pass over everything read and written; may be empty
  std::shared_ptr<const void> steps;         ///< what the trace points into
  std::vector<std::string> source_tokens;    ///< labels, of the only sequence; empty for several
  std::vector<std::string> target_tokens;    ///< of the decoder's input
  std::vector<std::string> written_tokens;   ///< of what it wrote
};

}  // namespace attn::tools
