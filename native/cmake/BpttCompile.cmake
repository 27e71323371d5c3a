# bptt_compile: what every native target is compiled and linked with.
# bptt_limit_exports(<target> <version script> <macOS symbol>...): only the named symbols stay visible.
# bptt_floor_glibc(<target>): the target runs with glibc 2.28, however new the one is that it is linked with.

set(BPTT_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined")

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(bptt_compile INTERFACE)
target_include_directories(bptt_compile INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_definitions(bptt_compile INTERFACE
  EIGEN_MPL2_ONLY EIGEN_DONT_PARALLELIZE $<$<NOT:$<CONFIG:Debug>>:EIGEN_NO_DEBUG>)

# No fast-math: it reorders sums, ignores NaN, and with GCC < 13 it turns denormals off for the whole Node process.
# No contraction: a multiply-add is fused only where the source says so, so that every compiler gives the same bits.
if(MSVC)
  target_compile_options(bptt_compile INTERFACE /W4 /utf-8 /bigobj /fp:precise $<$<NOT:$<CONFIG:Debug>>:/O2>)
  target_compile_definitions(bptt_compile INTERFACE NOMINMAX WIN32_LEAN_AND_MEAN)
else()
  # Kernels say themselves what is vectorised and unrolled. Against -O3 the binaries are a fifth smaller; a training step takes as long
  # (GCC 12: within 1 % with these loop optimizations, 3 % more without them, LSTM with AVX2).
  set(loops "")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(loops -fpeel-loops -fpredictive-commoning -funswitch-loops -fsplit-loops -fvect-cost-model=dynamic)
  endif()
  set(optimization $<IF:$<CONFIG:Debug>,-Og,-O2> $<$<NOT:$<CONFIG:Debug>>:${loops}>)
  if(BPTT_SANITIZE)
    set(optimization -O1)  # the kernels take ten minutes to compile with sanitizers at -O2
  endif()
  target_compile_options(bptt_compile INTERFACE
    ${optimization} -fno-math-errno -fno-trapping-math -ffp-contract=off -Wall -Wextra)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms inside Eigen: packet types carry vector attributes; _mm512_undefined_* is uninitialised on purpose.
    target_compile_options(bptt_compile INTERFACE -Wno-ignored-attributes -Wno-maybe-uninitialized)
  endif()
endif()

if(BPTT_SANITIZE)
  target_compile_options(bptt_compile INTERFACE
    -fsanitize=${BPTT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g)
  target_link_options(bptt_compile INTERFACE -fsanitize=${BPTT_SANITIZE})
elseif(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # Whatever libstdc++ the machine has, ours is inside; --gc-sections drops what is unused of it.
  target_compile_options(bptt_compile INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(bptt_compile INTERFACE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
endif()

function(bptt_limit_exports target version_script)
  if(APPLE)
    foreach(symbol IN LISTS ARGN)
      target_link_options(${target} PRIVATE "-Wl,-exported_symbol,${symbol}")
    endforeach()
  elseif(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(${target} PRIVATE "-Wl,--version-script=${version_script}" -Wl,-z,now -Wl,-z,noexecstack)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${version_script}")
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "MODULE_LIBRARY" AND NOT BPTT_SANITIZE)  # the addon's napi_* symbols come from the Node executable
      target_link_options(${target} PRIVATE -Wl,--no-undefined)
    endif()
  endif()
endfunction()

if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT BPTT_LIBC STREQUAL "musl" AND NOT BPTT_SANITIZE)
  set(bptt_floor_names "${CMAKE_CURRENT_SOURCE_DIR}/base/glibc_floor.def")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${bptt_floor_names}")
  file(STRINGS "${bptt_floor_names}" bptt_floored REGEX "^BPTT_FLOOR")
  list(TRANSFORM bptt_floored REPLACE "BPTT_FLOOR\\((.*)\\)" "-Wl,--wrap=\\1")
  add_library(bptt_glibc_floor OBJECT ${BPTT_GLIBC_FLOOR_SOURCES})
  target_link_libraries(bptt_glibc_floor PRIVATE bptt_compile)
  target_compile_options(bptt_glibc_floor PRIVATE -fno-exceptions -fno-asynchronous-unwind-tables)  # else it pulls in libstdc++
endif()

function(bptt_floor_glibc target)
  if(TARGET bptt_glibc_floor)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:bptt_glibc_floor>)
    target_link_options(${target} PRIVATE ${bptt_floored})
  endif()
endfunction()
