// Preloaded into a server, gives it a wall clock that is ahead or behind: by the milliseconds that the file
// named in SHIFTED_CLOCK holds as text, also when that changes meanwhile. The steady clock stays. Debian's
// libfaketime cannot be used: it hangs before main() where jemalloc reads the clock, as in Redis.
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr std::size_t max_digits = 32;
constexpr long second_ns = 1'000'000'000;
const char* text = nullptr;

__attribute__((constructor)) void open_file() {
  const char* const name = std::getenv("SHIFTED_CLOCK");
  const int file = name == nullptr ? -1 : ::open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* const mapped = ::mmap(nullptr, max_digits, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped != MAP_FAILED) text = static_cast<const char*>(mapped);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long failed = ::syscall(SYS_clock_gettime, clock, now);
  if (failed != 0 || text == nullptr) return static_cast<int>(failed);
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return 0;
  const long shift = std::strtol(text, nullptr, 10);
  now->tv_sec += shift / 1000;
  now->tv_nsec += shift % 1000 * 1'000'000;
  if (now->tv_nsec < 0) {
    now->tv_sec -= 1;
    now->tv_nsec += second_ns;
  } else if (now->tv_nsec >= second_ns) {
    now->tv_sec += 1;
    now->tv_nsec -= second_ns;
  }
  return 0;
}

int gettimeofday(timeval* __restrict now, void* __restrict) noexcept {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}
}
