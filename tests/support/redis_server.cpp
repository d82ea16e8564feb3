#include "tests/support/redis_server.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace chat::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* password = "se:cret-w0rd";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool ok = ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
  ::close(socket);
  if (!ok) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::string encoded(const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return text;
}

fs::path make_folder() {
  std::string name = (fs::temp_directory_path() / "chat-test-redis-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  return name;
}

/// shifted_clock.cpp, built; beside the tests of this build.
fs::path clock_library() {
  fs::path folder = fs::read_symlink("/proc/self/exe");
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    if (fs::path library = folder / "tests/support/libshifted_clock.so"; fs::exists(library)) return library;
  }
  throw std::runtime_error("libshifted_clock.so is not built");
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options)
    : options_(std::move(options)), folder_(make_folder()), port_(free_port()) {
  start();
}

RedisServer::~RedisServer() {
  kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

config::RedisSettings RedisServer::settings() const {
  config::RedisSettings settings;
  settings.port = port_;
  settings.password = password;
  return settings;
}

void RedisServer::start() {
  std::vector<std::string> command{
      "redis-server",   "--port",    std::to_string(port_),     "--bind", "127.0.0.1",
      "--save",         "",          "--requirepass",           password, "--dir",
      folder_.string(), "--logfile", (folder_ / "log").string()};
  command.insert(command.end(), options_.begin(), options_.end());
  // By itself a cluster's node takes its port and 10,000, which may be none.
  if (std::ranges::find(options_, "--cluster-enabled") != options_.end())
    command.insert(command.end(), {"--cluster-port", std::to_string(free_port())});
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const fs::path library = has_own_clock_ ? clock_library() : fs::path();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    if (has_own_clock_) {
      ::setenv("LD_PRELOAD", library.c_str(), 1);
      ::setenv("SHIFTED_CLOCK", (folder_ / "clock").c_str(), 1);
    }
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  if (pid_ < 0) throw std::runtime_error("fork failed");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!answers()) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
      pid_ = 0;
      throw std::runtime_error("redis-server did not start; is it installed?");
    }
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("redis-server does not answer");
    ::poll(nullptr, 0, 10);
  }
}

bool RedisServer::answers() const {
  return command({"PING"}) == "+PONG\r\n";
}

std::string RedisServer::command(const std::vector<std::string>& words) const {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port_);
  std::string answer;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string commands = encoded({"AUTH", password}) + encoded(words) + encoded({"QUIT"});
    char buffer[4096];
    if (::send(socket, commands.data(), commands.size(), MSG_NOSIGNAL) > 0)
      for (ssize_t got = 0; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0;)
        answer.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(socket);
  constexpr std::string_view ok = "+OK\r\n";
  if (!answer.starts_with(ok) || !answer.ends_with(ok) || answer.size() < 2 * ok.size()) return {};
  return answer.substr(ok.size(), answer.size() - 2 * ok.size());
}

void RedisServer::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void RedisServer::wipe() const {
  fs::remove_all(folder_ / "appendonlydir");
  fs::remove(folder_ / "dump.rdb");
}

void RedisServer::shift_clock(std::chrono::milliseconds shift) {
  // In place and of one length, since the server has the file mapped.
  std::ostringstream digits;
  digits << std::left << std::setw(31) << shift.count() << '\n';
  std::fstream file(folder_ / "clock", has_own_clock_ ? std::ios::in | std::ios::out : std::ios::out);
  file << digits.str();
  has_own_clock_ = true;
}

void RedisServer::freeze() const {
  ::kill(pid_, SIGSTOP);
}
void RedisServer::thaw() const {
  ::kill(pid_, SIGCONT);
}

}  // namespace chat::test
