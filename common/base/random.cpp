#include "common/base/random.hpp"

#include <array>
#include <cstddef>

#include <sys/random.h>

namespace chat {
namespace {

class KernelRandom final : public Random {
 public:
  std::uint64_t next() override {
    thread_local std::array<std::uint64_t, 512> numbers;
    thread_local std::size_t used = numbers.size();
    if (used == numbers.size()) {
      fill(numbers.data(), sizeof numbers);
      used = 0;
    }
    return numbers[used++];
  }

 private:
  static void fill(void* memory, std::size_t size) {
    // Complete up to 256 bytes once the kernel has its seed (getrandom(2)), more may be cut short by a
    // signal.
    auto* const bytes = static_cast<char*>(memory);
    for (std::size_t filled = 0; filled < size;) {
      const ssize_t more = ::getrandom(bytes + filled, size - filled, 0);
      if (more > 0) filled += static_cast<std::size_t>(more);
    }
  }
};

}  // namespace

Random& Random::real() {
  static KernelRandom random;
  return random;
}

}  // namespace chat
