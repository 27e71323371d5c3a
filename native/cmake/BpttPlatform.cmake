# What is built for: BPTT_ARCH (x64, arm64, other), BPTT_BASELINE (name of the instruction set inside the addon) and
# BPTT_MODULE_SUFFIX (ending of the kernel modules' file names).

if(NODE_ARCH)  # given by cmake-js
  set(BPTT_ARCH "${NODE_ARCH}")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(BPTT_ARCH "x64")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(BPTT_ARCH "arm64")
else()
  set(BPTT_ARCH "other")
endif()

if(BPTT_ARCH STREQUAL "x64")
  set(BPTT_BASELINE "sse2")
elseif(BPTT_ARCH STREQUAL "arm64")
  set(BPTT_BASELINE "neon")
else()
  set(BPTT_BASELINE "generic")
endif()

if(WIN32)
  set(BPTT_MODULE_SUFFIX ".dll")
elseif(APPLE)
  set(BPTT_MODULE_SUFFIX ".dylib")
else()
  set(BPTT_MODULE_SUFFIX ".so")
  # The addon of each C library is a file of its own; kernel modules call nothing that both do not have, so they share them.
  if(NOT BPTT_LIBC)
    execute_process(COMMAND ${CMAKE_CXX_COMPILER} -dumpmachine
      OUTPUT_VARIABLE bptt_machine OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(bptt_machine MATCHES "musl")
      set(BPTT_LIBC musl)
    endif()
  endif()
endif()
