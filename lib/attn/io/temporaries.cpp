#include <attn/io/temporaries.hpp>

#include <unistd.h>

#include <cerrno>
#include <mutex>

namespace attn::io {

// Entries are never freed, only used again, so that a signal handler may walk the list at any moment.
// An entry's path changes only while `active` is false.
struct TemporaryPath::Entry {
  std::atomic<bool> active{false};
  std::string path;
  Entry* next = nullptr;
};

namespace {

std::atomic<TemporaryPath::Entry*> first_entry{nullptr};
std::mutex entries_mutex;  // among the threads that add and release; the handler does not take it

static_assert(std::atomic<TemporaryPath::Entry*>::is_always_lock_free &&
                  std::atomic<bool>::is_always_lock_free,
              "a signal handler may only use lock-free atomics");

TemporaryPath::Entry* acquire_entry() {
  for (auto* entry = first_entry.load(); entry != nullptr; entry = entry->next) {
    if (!entry->active.load()) return entry;
  }
  auto* entry = new TemporaryPath::Entry;
  entry->next = first_entry.load();
  first_entry.store(entry);
  return entry;
}

}  // namespace

void remove_temporaries() noexcept {
  const int saved_errno = errno;
  for (auto* entry = first_entry.load(); entry != nullptr; entry = entry->next) {
    if (entry->active.load()) ::unlink(entry->path.c_str());
  }
  errno = saved_errno;
}

TemporaryPath::TemporaryPath(std::string path) {
  const std::lock_guard<std::mutex> lock(entries_mutex);
  entry_ = acquire_entry();
  entry_->path = std::move(path);
  entry_->active.store(true);
}

TemporaryPath::~TemporaryPath() {
  const std::lock_guard<std::mutex> lock(entries_mutex);
  entry_->active.store(false);
}

const std::string& TemporaryPath::path() const { return entry_->path; }

}  // namespace attn::io
