# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler, linker and dependencies: everything that is the same for every target.

option(MESHYARD_BUILD_TESTS "Build the tests and benchmarks" ON)
option(MESHYARD_BUILD_CONSOLE "Build the desktop console (needs Qt Widgets)" ON)
option(MESHYARD_CHECK_HEADERS "Compile every header alone as part of all" OFF)
option(MESHYARD_FUZZ "Build tests/fuzz for libFuzzer (needs clang)" OFF)
set(MESHYARD_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address;undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
endif()
foreach(sanitizer IN LISTS MESHYARD_SANITIZE)
    add_compile_options(-fsanitize=${sanitizer} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${sanitizer})
endforeach()

if(MESHYARD_FUZZ)
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "MESHYARD_FUZZ needs clang: use the preset fuzz")
    endif()
    # A finding ends the run; numbers that wrap are asked for in hashes only.
    add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize-recover=all)
endif()

# Release binaries carry the usual hardening.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MESHYARD_SANITIZE)
    add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    add_link_options(-Wl,-z,relro,-z,now)
endif()

add_library(meshyard_warnings INTERFACE)
target_compile_options(meshyard_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105651: optimised std::string concatenation is reported as an overlapping copy.
    target_compile_options(meshyard_warnings INTERFACE -Wno-restrict
        -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow -Wno-error=array-bounds)
endif()

if(MESHYARD_FUZZ)
    target_compile_options(meshyard_warnings INTERFACE -Wno-error) # of a compiler we do not build with
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(yaml-cpp REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
find_package(Qt6 6.4 REQUIRED COMPONENTS Core)
if(MESHYARD_BUILD_CONSOLE OR MESHYARD_BUILD_TESTS)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Gui Widgets PrintSupport Svg DBus LinguistTools)
    find_package(QCustomPlotQt6 REQUIRED) # wants PrintSupport found before it
endif()
if(MESHYARD_BUILD_TESTS)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
endif()

# gRPC, Protobuf and Abseil: shared everywhere but in executables that set MESHYARD_STATIC_GRPC
# (a sidecar's resident memory is mostly shared-library relocations otherwise).
pkg_check_modules(GRPCPP REQUIRED grpc++)
add_library(meshyard_grpc INTERFACE)
target_link_libraries(meshyard_grpc INTERFACE
    "$<IF:$<BOOL:$<TARGET_PROPERTY:MESHYARD_STATIC_GRPC>>,meshyard_grpc_static,meshyard_grpc_shared>")
add_library(meshyard_grpc_shared INTERFACE)
target_link_libraries(meshyard_grpc_shared INTERFACE grpc++ grpc gpr protobuf
    absl_synchronization absl_time absl_strings absl_status Threads::Threads)
add_library(meshyard_grpc_static INTERFACE)
# Only archives that exist are linked statically; the rest (libc, OpenSSL, systemd) stays shared.
set(_static_libs "")
foreach(_lib IN LISTS GRPCPP_STATIC_LIBRARIES ITEMS protobuf)
    find_library(_archive_${_lib} NAMES lib${_lib}.a)
    if(_archive_${_lib} AND NOT _lib MATCHES "^(c|m|dl|rt|pthread|ssl|crypto|z|systemd|resolv)$")
        list(APPEND _static_libs "${_archive_${_lib}}")
    endif()
endforeach()
list(REMOVE_DUPLICATES _static_libs)
target_link_libraries(meshyard_grpc_static INTERFACE
    -Wl,--start-group ${_static_libs} -Wl,--end-group OpenSSL::SSL OpenSSL::Crypto z dl Threads::Threads)
