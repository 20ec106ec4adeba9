// Large tensors in memory of their own, in huge pages.
//
// A block of 1 MiB or more goes back to the system as soon as it is freed, so that the peak of a run is that of its
// tensors. (The C library would raise that limit to the size of the largest block freed so far and keep the rest.)
//
// The first touch of every 4 KiB of fresh memory is a fault that the system has to handle, and for tensors of many
// megabytes that is a third of a run. For blocks of 4 MiB and more the system is therefore asked to use huge pages of
// 2 MiB; it may refuse, which changes nothing but the time.
//
// This replaces the operator new of the programs, not that of the library: what a program does with its memory is
// for the program to decide. Such a block is freed like any other.
#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
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

constexpr std::uintptr_t huge_page = std::uintptr_t{1} << 21;
constexpr std::uintptr_t large = 2 * huge_page;

[[maybe_unused]] const int limit_is_fixed = ::mallopt(M_MMAP_THRESHOLD, 1 << 20);

void ask_for_huge_pages(void* block, std::size_t size) {
  const std::uintptr_t begin = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t first = (begin + huge_page - 1) / huge_page * huge_page;
  const std::uintptr_t last = (begin + size) / huge_page * huge_page;
  if (first < last) ::madvise(static_cast<char*>(block) + (first - begin), last - first, MADV_HUGEPAGE);
}

}  // namespace

void* operator new(std::size_t size) {
  while (true) {
    if (void* block = std::malloc(size == 0 ? 1 : size)) {
      if (size >= large) ask_for_huge_pages(block, size);
      return block;
    }
    const std::new_handler handler = std::get_new_handler();
    if (!handler) throw std::bad_alloc();
    handler();
  }
}

#endif
