// Whole inputs as bytes: files, pipes, standard input.
#pragma once

#include <attn/io/bytes.hpp>
#include <attn/io/memory_limit.hpp>

#include <string>

namespace attn::io {

/// True when `path` names something that exists and is not a folder, as far as can be seen.
bool is_file(const std::string& path);

/// The content of a file. A regular file is mapped, not copied, so that one tensor of a large file costs
/// only its own pages; it must not be cut shorter while it is in use. Anything else (a pipe, a device)
/// is read to its end. `subject` begins the message of every error.
/// Throws SystemError (missing, unreadable, a folder) and LimitError (more piped bytes than `limit`).
Bytes load_file(const std::string& path, const std::string& subject, const MemoryLimit& limit = {});

/// Lets the system take back the memory of what was read of a mapped file; it is read again where it is used
/// again. Does nothing to other bytes.
void forget_pages(const Bytes& bytes);

/// All of standard input. Works once in a process: a second call throws UsageError.
Bytes load_stdin(const std::string& subject, const MemoryLimit& limit = {});

}  // namespace attn::io
