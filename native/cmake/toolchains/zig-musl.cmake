# Linux with musl, on any system: Zig brings clang, musl and libc++. BPTT_ZIG is its program, BPTT_ZIG_TARGET x86_64-linux-musl
# or aarch64-linux-musl. On Alpine itself the system's own compiler serves.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${BPTT_ZIG_TARGET}")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BPTT_ZIG BPTT_ZIG_TARGET)
set(CMAKE_CXX_COMPILER "${BPTT_ZIG}" "c++")
set(CMAKE_CXX_COMPILER_TARGET "${BPTT_ZIG_TARGET}")
set(CMAKE_HAVE_LIBC_PTHREAD TRUE)  # musl has one library; the test for it compiles with -fPIE, which Zig refuses there
set(BPTT_LIBC musl)
