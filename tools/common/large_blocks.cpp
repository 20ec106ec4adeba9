// Large tensors in memory of their own, in huge pages, used again by the next tensor of that size.
//
// The first touch of every 4 KiB of fresh memory is a fault that the system has to handle, and all of it has to be
// cleared first: for tensors of many megabytes that is half of a run. So
//   - a freed block of 1 MiB or more is kept for the next tensor that fits it; as soon as one comes that does not,
//     all kept blocks go back to the system before it takes memory anew, so that the peak of a run stays that of
//     its tensors, to a quarter of the block at most (the C library alone would keep what it finds convenient);
//   - for blocks of 4 MiB and more the system is asked to use huge pages of 2 MiB; it may refuse, which changes
//     nothing but the time.
//
// This replaces the operators new and delete of the programs, not those of the library: what a program does with
// its memory is for the program to decide.
#include <malloc.h>
#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

// AddressSanitizer has an operator new of its own.
#if defined(__has_feature)
#define ATTNSCOPE_OWN_NEW !__has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define ATTNSCOPE_OWN_NEW 0
#else
#define ATTNSCOPE_OWN_NEW 1
#endif

#if ATTNSCOPE_OWN_NEW

namespace {

constexpr std::size_t large = std::size_t{1} << 20;
constexpr std::uintptr_t huge_page = std::uintptr_t{1} << 21;

// Blocks of this size and more are mappings of their own, which a free returns to the system. Smaller ones come from
// memory of which so much is kept when it is free.
[[maybe_unused]] const int limits_are_fixed =
    ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(large)) + ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(8 * large));

void ask_for_huge_pages(void* block, std::size_t size) {
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = (begin + huge_page - 1) / huge_page * huge_page;
  const std::uintptr_t last = (begin + size) / huge_page * huge_page;
  if (first < last) ::madvise(static_cast<char*>(block) + (first - begin), last - first, MADV_HUGEPAGE);
}

// Freed blocks that wait for a tensor of about their size. Nothing in it needs to be destroyed: blocks are freed
// until the very end of a program.
class KeptBlocks {
 public:
  /// A block of at least `size` bytes and not much more; where there is none, every kept block is freed.
  void* take(std::size_t size) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (void*& block : blocks_) {
      if (block == nullptr || !fits(::malloc_usable_size(block), size)) continue;
      void* const found = block;
      block = nullptr;
      return found;
    }
    free_all();
    return nullptr;
  }

  void give_back() {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_all();
  }

  /// Frees it where no more can be kept.
  void keep(void* freed) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (void*& block : blocks_) {
      if (block != nullptr) continue;
      block = freed;
      return;
    }
    std::free(freed);
  }

 private:
  void free_all() {
    for (void*& block : blocks_) {
      std::free(block);
      block = nullptr;
    }
  }
  static bool fits(std::size_t room, std::size_t size) { return room >= size && room - size <= size / 4; }

  std::mutex mutex_;
  std::array<void*, 8> blocks_{};
};

KeptBlocks kept;

void* new_block(std::size_t size) {
  if (size >= large) {
    if (void* block = kept.take(size)) return block;
  }
  void* const block = std::malloc(size == 0 ? 1 : size);
  if (block != nullptr && size >= 2 * huge_page) ask_for_huge_pages(block, size);
  return block;
}

}  // namespace

void* operator new(std::size_t size) {
  while (true) {
    if (void* block = new_block(size)) return block;
    kept.give_back();
    if (void* block = new_block(size)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (!handler) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* block) noexcept {
  if (block != nullptr && ::malloc_usable_size(block) >= large) {
    kept.keep(block);
  } else {
    std::free(block);
  }
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

#endif
