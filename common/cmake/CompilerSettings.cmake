# The language level, warnings, sanitizers and compiler cache that every target shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# CMake says -O3; the time goes into the kernel and into allocation, and -O2 keeps the cold build short.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(chat_compile_options INTERFACE)
target_compile_options(chat_compile_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror
  $<$<CONFIG:Debug>:-Og> -g1)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these inside libstdc++ and Boost at -O2 without a real fault (GCC bugs 105329, 105651, 107852).
  target_compile_options(chat_compile_options INTERFACE
    -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-maybe-uninitialized)
  # Lets ccache hit on files that use a precompiled header.
  target_compile_options(chat_compile_options INTERFACE -fpch-preprocess)
endif()

if(CHAT_SANITIZE)
  add_compile_options(-fsanitize=${CHAT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CHAT_SANITIZE})
  if(CHAT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
  if(CHAT_SANITIZE MATCHES "thread")
    # Fences are not modelled by the thread sanitizer; the code here and in Asio's single-threaded use needs none.
    add_compile_options(-Wno-tsan)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
