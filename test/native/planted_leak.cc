// Loaded before a program (LD_PRELOAD), it loses memory: LeakSanitizer must say so, or its silence says nothing.
#include <cstdlib>
#include <cstring>

namespace {

[[gnu::noinline]] void lose() {
  void* lost = std::malloc(4321);
  std::memset(lost, 1, 4321);
  lost = nullptr;
}

[[gnu::constructor]] void plant() {
  lose();
}

}  // namespace
