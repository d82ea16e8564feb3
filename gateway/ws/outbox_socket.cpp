#include "gateway/ws/outbox_socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <boost/asio/socket_base.hpp>
#include <sys/socket.h>

#include "gateway/connection/close_codes.hpp"

namespace chat::gateway::ws {
namespace {

constexpr std::size_t frames_per_write = 64;

ssize_t write_some(int descriptor, std::span<iovec> parts) {
  constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  for (;;) {
    ssize_t sent = 0;
    if (parts.size() == 1) {
      sent =
          ::send(descriptor, parts[0].iov_base, parts[0].iov_len, flags);  // measurably cheaper than sendmsg
    } else {
      msghdr message{};
      message.msg_iov = parts.data();
      message.msg_iovlen = parts.size();
      sent = ::sendmsg(descriptor, &message, flags);
    }
    if (sent >= 0 || errno != EINTR) return sent;
  }
}

}  // namespace

OutboxSocket::OutboxSocket(tls::ClientStream stream, std::shared_ptr<loop::Environment> environment)
    : descriptor_(stream.socket().native_handle()),
      is_tls_(stream.channel() != nullptr),
      environment_(std::move(environment)),
      client_stream_(std::move(stream)),
      last_received_(environment_->now) {}

void OutboxSocket::append(FrameRef frame) {
  outbox_.append(std::move(frame));
  if (!waiting_for_kernel_) environment_->flush_list.add(*this);
}

void OutboxSocket::push_close(FrameRef close) {
  if (finished_) return;
  finished_ = true;
  deadline_ = std::min(deadline_, environment_->now + environment_->limits.close_timeout);
  append(std::move(close));
}

void OutboxSocket::overflow() {
  outbox_.drop_unsent(is_tls_ ? client_stream_.channel()->pending_bytes() : 0);
  push_close(make_frame(encode_close(close_code::slow_consumer, "slow consumer")));
  if (environment_->on_slow_consumer) environment_->on_slow_consumer();
}

void OutboxSocket::flush() {
  bool made_progress = false;
  while (is_open() && !waiting_for_kernel_ && !outbox_.empty()) {
    std::array<iovec, frames_per_write> storage;
    const std::span<iovec> parts = outbox_.gather(storage);
    if (is_tls_) {
      if (!flush_record(parts, made_progress)) return;
      continue;
    }
    const ssize_t sent = write_some(descriptor_, parts);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) return reset();
      return wait_for_kernel(made_progress, boost::asio::socket_base::wait_write);
    }
    made_progress = true;
    outbox_.consume(static_cast<std::size_t>(sent));
  }
  if (outbox_.empty()) changed_.notify();
}

bool OutboxSocket::flush_record(std::span<const iovec> parts, bool& made_progress) {
  using boost::asio::socket_base;
  tls::Channel& channel = *client_stream_.channel();
  const std::uint64_t out_before = channel.bytes_out();
  const tls::Progress progress = channel.write(parts, environment_->record);
  // Of a record, the kernel may take a part.
  made_progress = made_progress || channel.bytes_out() != out_before;
  switch (progress.outcome) {
    case tls::Outcome::done:
      outbox_.consume(progress.bytes);
      return true;
    case tls::Outcome::wants_write:
      wait_for_kernel(made_progress, socket_base::wait_write);
      return false;
    case tls::Outcome::wants_read:
      wait_for_kernel(made_progress, socket_base::wait_read);
      return false;
    case tls::Outcome::ended:
    case tls::Outcome::failed:
      break;
  }
  reset();
  return false;
}

void OutboxSocket::wait_for_kernel(bool made_progress, boost::asio::socket_base::wait_type wanted) {
  // A wake-up after which no byte was sent is no progress, so the write deadline stays.
  if (made_progress || blocked_since_ == loop::Environment::TimePoint{}) blocked_since_ = environment_->now;
  waiting_for_kernel_ = true;
  auto self = shared_from_this();
  client_stream_.socket().async_wait(wanted, [self = std::move(self)](boost::system::error_code) {
    self->waiting_for_kernel_ = false;
    self->flush();
    if (!self->waiting_for_kernel_) self->blocked_since_ = {};
  });
}

void OutboxSocket::check_deadlines(loop::Environment::TimePoint now) {
  if (!is_open()) return;
  const bool stuck = waiting_for_kernel_ && now - blocked_since_ >= environment_->limits.write_deadline;
  if (stuck || now >= deadline_) reset();
}

void OutboxSocket::check_silence(loop::Environment::TimePoint now) {
  if (finished_) return;
  const auto silence = now - last_received_;
  if (silence >= environment_->limits.idle_timeout) return reset();
  if (silence >= environment_->limits.ping_interval && !ping_sent_) {
    ping_sent_ = true;
    push(environment_->ping);
  }
}

void OutboxSocket::reset() {
  if (!is_open()) return;
  boost::system::error_code ignored;
  client_stream_.socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
  close_socket();
}

void OutboxSocket::close_orderly() {
  if (!is_open()) return;
  if (is_tls_) client_stream_.channel()->say_goodbye();
  close_socket();
}

void OutboxSocket::close_socket() {
  finished_ = true;
  descriptor_ = -1;
  outbox_.clear();
  client_stream_.close();
  changed_.notify();
}

}  // namespace chat::gateway::ws
