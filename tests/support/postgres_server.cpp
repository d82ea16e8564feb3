#include "tests/support/postgres_server.hpp"

#include <fstream>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/postgres/database.hpp"

namespace chat::test {
namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr const char* system_user = "postgres";
constexpr const char* password = "se:cret-w0rd";
constexpr const char* password_in_url = "se%3Acret-w0rd";

fs::path programs() {
  fs::path newest;
  std::error_code error;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", error)) {
    const fs::path folder = version.path() / "bin";
    if (fs::exists(folder / "initdb") && (newest.empty() || folder > newest)) newest = folder;
  }
  if (newest.empty())
    throw std::runtime_error("no PostgreSQL server in /usr/lib/postgresql; install postgresql");
  return newest;
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool ok = ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
  ::close(socket);
  if (!ok) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// Between fork and exec: only what is safe there.
[[noreturn]] void become(const std::vector<char*>& arguments, const passwd* user, int log) {
  if (user != nullptr) {
    const bool ok =
        ::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0;
    if (!ok) ::_exit(126);
  }
  // After setuid, which would forget it: the server ends with the test, however that ends.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::setpgid(0, 0);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

pid_t spawn(const std::vector<std::string>& command, const fs::path& log_file) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const auto& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = ::geteuid() == 0 ? ::getpwnam(system_user) : nullptr;
  if (::geteuid() == 0 && user == nullptr) throw std::runtime_error("there is no user postgres");
  const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments, user, log);
  ::close(log);
  if (pid < 0) throw std::runtime_error("fork failed");
  return pid;
}

/// Waits for the child's end by a file descriptor of it; kills it after the limit.
int wait_for(pid_t pid, seconds limit) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd waited{handle, POLLIN, 0};
  const int ready = ::poll(&waited, 1, static_cast<int>(std::chrono::milliseconds(limit).count()));
  if (ready == 0) ::kill(pid, SIGKILL);
  ::close(handle);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

void give_to_user(const fs::path& path) {
  if (::geteuid() != 0) return;
  const passwd* user = ::getpwnam(system_user);
  if (user == nullptr || ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("cannot give " + path.string() + " to the user postgres");
}

fs::path make_folder() {
  std::string name = (fs::temp_directory_path() / "chat-test-postgres-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  give_to_user(name);
  return name;
}

}  // namespace

PostgresServer& PostgresServer::running() {
  static PostgresServer server;
  if (server.pid_ == 0) server.start();
  return server;
}

PostgresServer::PostgresServer() : folder_(make_folder()), port_(free_port()) {
  const fs::path password_file = folder_ / "password";
  std::ofstream(password_file) << password << '\n';
  const pid_t pid = spawn({(programs() / "initdb").string(), "-D", (folder_ / "data").string(), "-U", "chat",
                           "--auth=scram-sha-256", "--pwfile=" + password_file.string(), "--encoding=UTF8",
                           "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
                          folder_ / "log");
  if (wait_for(pid, seconds{60}) != 0)
    throw std::runtime_error("initdb failed, see " + (folder_ / "log").string());
  start();
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void PostgresServer::start() {
  pid_ = spawn({(programs() / "postgres").string(), "-D", (folder_ / "data").string(), "-c",
                "listen_addresses=127.0.0.1", "-c", "port=" + std::to_string(port_), "-c",
                "unix_socket_directories=", "-c", "fsync=off", "-c", "deadlock_timeout=100ms"},
               folder_ / "log");
  const auto deadline = std::chrono::steady_clock::now() + seconds{30};
  while (!accepts()) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(pid_, nullptr, WNOHANG) != 0)
      throw std::runtime_error("PostgreSQL did not start, see " + (folder_ / "log").string());
    ::poll(nullptr, 0, 20);
  }
}

void PostgresServer::stop() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGINT);
  wait_for(pid_, seconds{30});
  pid_ = 0;
}

bool PostgresServer::accepts() const {
  postgres::DatabaseSettings settings;
  settings.url = url("postgres");
  return !postgres::Database(settings).transact([](postgres::Transaction& t) { t.execute("SELECT 1"); });
}

void PostgresServer::signal_all(int signal) const {
  std::ifstream children("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children");
  ::kill(pid_, signal);
  for (pid_t child = 0; children >> child;) ::kill(child, signal);
}

void PostgresServer::freeze() {
  signal_all(SIGSTOP);
}
void PostgresServer::thaw() {
  signal_all(SIGCONT);
}

std::string PostgresServer::url(const std::string& database) const {
  // A server that is down refuses at once; on a busy machine one that is up may take longer than the services
  // wait.
  return std::string("postgresql://chat:") + password_in_url + "@127.0.0.1:" + std::to_string(port_) + "/" +
         database + "?connect_timeout=60";
}

std::string PostgresServer::new_database(const std::string& options) {
  const std::string name = "test_" + std::to_string(++databases_);
  // CREATE DATABASE refuses to run in a transaction, in which all of Database's statements are; psql does
  // not.
  const pid_t pid = spawn({(programs() / "psql").string(), "-X", "-q", "-d", url("postgres"), "-c",
                           "CREATE DATABASE " + name + " " + options},
                          folder_ / "log");
  if (wait_for(pid, seconds{30}) != 0) throw std::runtime_error("a database cannot be made");
  return url(name);
}

}  // namespace chat::test
