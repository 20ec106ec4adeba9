// safetensors files: named tensors behind a JSON header.
// Format: https://github.com/huggingface/safetensors, README, section "Format".
#pragma once

#include <attn/io/array.hpp>
#include <attn/io/named_view.hpp>
#include <attn/io/sink.hpp>

#include <string>
#include <utility>
#include <vector>

namespace attn::io {

/// True when the bytes begin like a safetensors file: a plausible header length, then '{'.
bool looks_like_safetensors(std::string_view file);

/// All tensors, in the order of their data, without copying it. The data must be covered exactly: no
/// hole, no overlap, no byte left over. Throws InputError and LimitError.
std::vector<NamedArray> read_safetensors(const Bytes& file, const std::string& subject,
                                         const MemoryLimit& limit = {});

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Writes the tensors in the given order, and the metadata, if any, under "__metadata__".
/// Throws UsageError for a name that occurs twice, or is "__metadata__".
void write_safetensors(Sink& sink, const std::vector<NamedView>& tensors, const Metadata& metadata = {});

/// The same for arrays of any type (make_array).
void write_safetensors_arrays(Sink& sink, const std::vector<NamedArray>& arrays, const Metadata& metadata = {});

}  // namespace attn::io
