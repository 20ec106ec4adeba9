// NPZ files: a ZIP archive of NPY files, as numpy.savez and numpy.savez_compressed write it.
#pragma once

#include <attn/io/array.hpp>
#include <attn/io/headers.hpp>
#include <attn/io/named_view.hpp>
#include <attn/io/sink.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace attn::io {

/// Whether a file begins as an archive does, with entries or without.
bool looks_like_npz(std::string_view file);

/// The names of all entries in the archive's order, each without its ".npy". Reads no content.
/// Throws InputError for a damaged archive and for two entries of one name.
std::vector<std::string> npz_names(const Bytes& file, const std::string& subject);

/// The array of that name, which must be one of npz_names(). Stored and deflated entries are read, ZIP64
/// too. Throws InputError for an entry that is encrypted, compressed otherwise, damaged (checksum) or not
/// an NPY file, and for one whose declared size its compressed bytes cannot produce; LimitError, before
/// anything is decompressed, when the declared size is over the limit.
Array read_npz_entry(const Bytes& file, const std::string& name, const std::string& subject,
                     const MemoryLimit& limit = {});

/// Every array, in the archive's order. The limit holds for all of them together.
std::vector<NamedArray> read_npz(const Bytes& file, const std::string& subject,
                                 const MemoryLimit& limit = {});

/// Name, type and shape of every array, from the first bytes of its entry. Throws InputError as read_npz, and
/// where the declared shape does not fit the entry's size.
std::vector<ArrayHeader> read_npz_headers(const Bytes& file, const std::string& subject);

/// Writes the tensors as stored entries named <name>.npy, from front to back, without copying their
/// data; equal tensors give equal bytes. Throws UsageError for a name that occurs twice, that is empty
/// or longer than a ZIP archive can hold.
void write_npz(Sink& sink, const std::vector<NamedView>& tensors);

/// The same for arrays of any type (make_array).
void write_npz_arrays(Sink& sink, const std::vector<NamedArray>& arrays);

}  // namespace attn::io
