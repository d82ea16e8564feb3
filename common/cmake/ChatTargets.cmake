# chat_library(NAME SOURCES … LINK … [PRECOMPILED asio]), chat_executable(…) and chat_unit_test(…): the project's three kinds
# of target. PRECOMPILED names a precompiled header that has Asio or the JSON library too: for targets where most files
# include it.
function(chat_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE chat_compile_options)
  chat_precompile(${name} chat_precompiled ${ARG_PRECOMPILED})
endfunction()

function(chat_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} chat_compile_options)
  install(TARGETS ${name} RUNTIME COMPONENT ${name})
endfunction()

# Builds the unit tests that need neither Redis, PostgreSQL nor a mock of Kafka; their label is without_server.
add_custom_target(unit_tests_without_server)

# Registers the executable as one CTest test, since starting it once is quicker than once per case; one whose cases wait
# for brokers as SHARDS tests, which run side by side.
function(chat_unit_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;SHARDS;PRECOMPILED" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/abort_on_bugs.cpp)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gmock GTest::gtest_main chat_compile_options)
  chat_unoptimised_in_release(${name})
  chat_precompile(${name} chat_precompiled_tests ${ARG_PRECOMPILED})
  if(NOT ARG_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
    if(NOT "${ARG_SOURCES};${ARG_LINK}" MATCHES "redis_server.cpp|chat_test_postgres|chat_mock_kafka")
      add_dependencies(unit_tests_without_server ${name})
      set_tests_properties(${name} PROPERTIES LABELS without_server)
    endif()
    return()
  endif()
  math(EXPR last "${ARG_SHARDS} - 1")
  foreach(index RANGE ${last})
    add_test(NAME ${name}_${index} COMMAND ${name})
    set_tests_properties(${name}_${index} PROPERTIES TIMEOUT ${ARG_TIMEOUT}
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

# Optimising the tests themselves takes longer than running them; what they test is optimised.
function(chat_unoptimised_in_release name)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
endfunction()

# The standard library dominates compile time, in tests with GoogleTest. GCC instantiates anew in every file what the inline
# functions of a precompiled header need: a header of Asio or of the JSON library costs each file more than it saves unless
# the file includes it anyway.
function(chat_precompile target header)
  if(CHAT_PRECOMPILE)
    list(APPEND header ${ARGN})
    list(JOIN header _ header)
    target_link_libraries(${target} PRIVATE chat_asio)
    target_precompile_headers(${target} REUSE_FROM ${header})
  endif()
endfunction()

function(chat_add_precompiled name)
  add_library(${name} STATIC EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(${name} PRIVATE chat_asio nlohmann_json::nlohmann_json chat_compile_options)
  target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/common/cmake/precompiled.hpp ${ARGN})
  if(name MATCHES tests)
    target_link_libraries(${name} PRIVATE GTest::gmock)
    chat_unoptimised_in_release(${name})
  endif()
endfunction()

if(CHAT_PRECOMPILE)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
  set(kinds chat_precompiled)
  set(headers "")
  if(TARGET GTest::gmock)
    list(APPEND kinds chat_precompiled_tests)
  endif()
  foreach(kind IN LISTS kinds)
    if(kind STREQUAL chat_precompiled_tests)
      set(headers <gmock/gmock.h> <gtest/gtest.h>)
    endif()
    chat_add_precompiled(${kind} ${headers})
    chat_add_precompiled(${kind}_asio ${headers} <boost/asio.hpp>)
    chat_add_precompiled(${kind}_json ${headers} <nlohmann/json.hpp>)
  endforeach()
endif()
