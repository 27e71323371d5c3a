# bptt_eigen: the headers of Eigen (>= 3.4, 5 included), as system headers. Looked for in this order:
#   1. BPTT_EIGEN_DIR, a CMake or environment variable: the folder that contains the folder Eigen
#   2. native/third_party/eigen: shipped in the npm package
#   3. an installed package (apt, apk, dnf, brew, vcpkg, CMAKE_PREFIX_PATH)
#   4. a download of a fixed release with a fixed hash, unless BPTT_DOWNLOAD_EIGEN is OFF

option(BPTT_DOWNLOAD_EIGEN "Download Eigen when it is not found" ON)
set(bptt_eigen_release "3.4.0")
set(bptt_eigen_sha256 "8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72")
set(bptt_eigen_help "Install it:
  Debian, Ubuntu   apt-get install libeigen3-dev
  Alpine           apk add eigen-dev
  Fedora           dnf install eigen3-devel
  macOS            brew install eigen
  Windows          vcpkg install eigen3
or set the environment variable BPTT_EIGEN_DIR to the folder that contains the folder Eigen.")

# Sets <out> to the version of the headers under <dir>, or to "" when there are none. The version macros are in
# Eigen/src/Core/util/Macros.h (3.4) or Eigen/Version (5); WORLD.MAJOR.MINOR, and release 5.0.1 says 3.5.0 or 5.0.1.
function(bptt_eigen_version dir out)
  set(numbers "")
  foreach(file IN ITEMS "Eigen/Version" "Eigen/src/Core/util/Macros.h")
    if(EXISTS "${dir}/${file}" AND EXISTS "${dir}/Eigen/Core" AND NOT numbers)
      file(STRINGS "${dir}/${file}" lines REGEX "define EIGEN_(WORLD|MAJOR|MINOR)_VERSION +[0-9]+")
      foreach(line IN LISTS lines)
        string(REGEX REPLACE ".*VERSION +([0-9]+).*" "\\1" number "${line}")
        list(APPEND numbers "${number}")
      endforeach()
    endif()
  endforeach()
  list(JOIN numbers "." version)
  set(${out} "${version}" PARENT_SCOPE)
endfunction()

function(bptt_download_eigen out)
  set(url "https://gitlab.com/libeigen/eigen/-/archive/${bptt_eigen_release}/eigen-${bptt_eigen_release}.tar.gz")
  if(BPTT_EIGEN_URL)
    set(url "${BPTT_EIGEN_URL}")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/eigen-${bptt_eigen_release}")
  set(archive "${folder}.tar.gz")
  if(NOT EXISTS "${folder}/Eigen/Core")
    message(STATUS "bptt: downloading Eigen ${bptt_eigen_release} from ${url}")
    file(DOWNLOAD "${url}" "${archive}" TIMEOUT 300 INACTIVITY_TIMEOUT 30 STATUS status)
    list(GET status 0 code)
    list(GET status 1 reason)
    if(NOT code EQUAL 0)
      file(REMOVE "${archive}")
      message(FATAL_ERROR "bptt: Eigen >= 3.4 was not found, and downloading ${url} failed: ${reason}.\n${bptt_eigen_help}")
    endif()
    file(SHA256 "${archive}" hash)
    if(NOT hash STREQUAL bptt_eigen_sha256)
      file(REMOVE "${archive}")
      message(FATAL_ERROR "bptt: ${url} has SHA-256 ${hash}, expected ${bptt_eigen_sha256}: not used.\n${bptt_eigen_help}")
    endif()
    file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${CMAKE_CURRENT_BINARY_DIR}")
    file(REMOVE "${archive}")
  endif()
  set(${out} "${folder}" PARENT_SCOPE)
endfunction()

set(bptt_eigen_dir "")
if(BPTT_EIGEN_DIR)
  set(bptt_eigen_dir "${BPTT_EIGEN_DIR}")
elseif(DEFINED ENV{BPTT_EIGEN_DIR} AND NOT "$ENV{BPTT_EIGEN_DIR}" STREQUAL "")
  file(TO_CMAKE_PATH "$ENV{BPTT_EIGEN_DIR}" bptt_eigen_dir)
endif()
if(bptt_eigen_dir)
  if(NOT EXISTS "${bptt_eigen_dir}/Eigen/Core")
    message(FATAL_ERROR "bptt: BPTT_EIGEN_DIR is '${bptt_eigen_dir}', which has no file Eigen/Core.")
  endif()
elseif(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/third_party/eigen/Eigen/Core")
  set(bptt_eigen_dir "${CMAKE_CURRENT_SOURCE_DIR}/third_party/eigen")
else()
  # Without a version: a request for 3.4 would refuse Eigen 5, which Homebrew and Fedora ship.
  find_package(Eigen3 CONFIG QUIET)
  if(TARGET Eigen3::Eigen)
    get_target_property(bptt_eigen_dir Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
    list(GET bptt_eigen_dir 0 bptt_eigen_dir)
  endif()
  if(NOT EXISTS "${bptt_eigen_dir}/Eigen/Core")
    find_path(bptt_eigen_found Eigen/Core PATH_SUFFIXES eigen3 eigen)
    set(bptt_eigen_dir "${bptt_eigen_found}")
    unset(bptt_eigen_found CACHE)  # asked again by the next run: the package may have gone or come
  endif()
  bptt_eigen_version("${bptt_eigen_dir}" bptt_eigen_installed)
  if(NOT bptt_eigen_dir OR bptt_eigen_installed VERSION_LESS 3.4)
    if(NOT BPTT_DOWNLOAD_EIGEN)
      message(FATAL_ERROR "bptt: Eigen >= 3.4 was not found, and BPTT_DOWNLOAD_EIGEN is OFF.\n${bptt_eigen_help}")
    endif()
    bptt_download_eigen(bptt_eigen_dir)
  endif()
endif()

bptt_eigen_version("${bptt_eigen_dir}" bptt_eigen_version_found)
if(bptt_eigen_version_found STREQUAL "" OR bptt_eigen_version_found VERSION_LESS 3.4)
  message(FATAL_ERROR "bptt: the Eigen in ${bptt_eigen_dir} has version '${bptt_eigen_version_found}', needed is >= 3.4.\n${bptt_eigen_help}")
endif()
message(STATUS "bptt: Eigen ${bptt_eigen_version_found} in ${bptt_eigen_dir}")

add_library(bptt_eigen INTERFACE)
target_include_directories(bptt_eigen SYSTEM INTERFACE "${bptt_eigen_dir}")
