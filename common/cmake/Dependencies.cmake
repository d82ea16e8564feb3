# Every library outside the project, found once; DECISIONS.md says why each was chosen.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis>=0.14)
# Before 1.1 hiredis cannot end a connection inside a callback, which a failed start of TLS needs.
pkg_check_modules(HIREDIS_SSL IMPORTED_TARGET hiredis_ssl>=1.1)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka++>=2.0)
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx>=6.4)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash>=0.8)

add_library(chat_asio INTERFACE)
target_link_libraries(chat_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(chat_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)

if(CHAT_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
