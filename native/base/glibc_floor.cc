// Lets a binary that is linked on a newer Linux run with glibc 2.28, the oldest one that Node 20 runs with.
//
// Some functions have a second version since glibc 2.29 (exp, exp2, log, pow: without the old error handling) or 2.34
// (threads and dlopen moved into libc.so). A linker takes the newest version that it sees. Its option --wrap
// (native/cmake/BpttCompile.cmake) sends every call of them, also those inside the static libstdc++, to the jumps
// below, which name the first version.
#if defined(__linux__)
#include <features.h>  // defines __GLIBC__
#endif

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))
#include <dlfcn.h>
#include <link.h>

#include <cstdint>

#if defined(__x86_64__)
#define BPTT_FIRST_VERSION "GLIBC_2.2.5"
#define BPTT_JUMP "jmp "
#define BPTT_LANDING_PAD "endbr64\n"
#define BPTT_PLT "@PLT"
#else
#define BPTT_FIRST_VERSION "GLIBC_2.17"
#define BPTT_JUMP "b "
#define BPTT_LANDING_PAD "bti c\n"
#define BPTT_PLT ""
#endif

#define BPTT_FLOOR(name)                                                                                         \
  __asm__(".pushsection .text.bptt_floor_" #name                                                                 \
          ",\"ax\"\n"                                                                                            \
          ".globl __wrap_" #name "\n.hidden __wrap_" #name                                                       \
          "\n"                                                                                                   \
          ".type __wrap_" #name ",%function\n__wrap_" #name ":\n" BPTT_LANDING_PAD BPTT_JUMP                     \
          "bptt_floor_" #name BPTT_PLT "\n.size __wrap_" #name ", .-__wrap_" #name "\n.symver bptt_floor_" #name \
          "," #name "@" BPTT_FIRST_VERSION "\n.popsection\n");

#include "base/glibc_floor.def"

extern "C" {

// glibc 2.32. libstdc++ asks it whether counters of shared pointers need atomic operations: here they always do.
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;

#if defined(DLFO_EH_SEGMENT_TYPE)
// glibc 2.35. libgcc finds the unwinding table of the function that throws by it; this is the way of all versions
// before.
__attribute__((visibility("hidden"))) int _dl_find_object(void* address, struct dl_find_object* result) noexcept {
  struct Search {
    uintptr_t address;
    struct dl_find_object* result;
  } search{reinterpret_cast<uintptr_t>(address), result};
  const auto visit = [](struct dl_phdr_info* object, size_t, void* data) -> int {
    auto* search = static_cast<Search*>(data);
    const ElfW(Phdr)* table = nullptr;
    uintptr_t start = UINTPTR_MAX, end = 0;
    bool found = false;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
      const ElfW(Phdr)& part = object->dlpi_phdr[i];
      if (part.p_type == DLFO_EH_SEGMENT_TYPE) table = &part;
      if (part.p_type != PT_LOAD) continue;
      const uintptr_t from = object->dlpi_addr + part.p_vaddr, to = from + part.p_memsz;
      if (from < start) start = from;
      if (to > end) end = to;
      found = found || (search->address >= from && search->address < to);
    }
    if (!found || table == nullptr) return 0;
    *search->result = {};
    search->result->dlfo_map_start = reinterpret_cast<void*>(start);
    search->result->dlfo_map_end = reinterpret_cast<void*>(end);
    search->result->dlfo_eh_frame = reinterpret_cast<void*>(object->dlpi_addr + table->p_vaddr);
    return 1;
  };
  return dl_iterate_phdr(visit, &search) == 1 ? 0 : -1;
}
#endif

}  // extern "C"
#endif
