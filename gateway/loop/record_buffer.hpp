// Scratch memory in which the frames of one TLS record are put together.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace chat::gateway::loop {

/// One for each worker. Takes no memory before the first use; what it holds is of no use after the write.
class RecordBuffer {
 public:
  static constexpr std::size_t size = std::size_t{16} * 1024;  // a record's most (RFC 8446 section 5.1)

  char* data() {
    if (!bytes_) bytes_ = std::make_unique<std::array<char, size>>();
    return bytes_->data();
  }

 private:
  std::unique_ptr<std::array<char, size>> bytes_;
};

}  // namespace chat::gateway::loop
