#include "common/redis/async_context.hpp"

#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

namespace chat::redis {
namespace {

/// hiredis reads at most 16 KiB a call; more calls a turn make larger batches and save waits, a bound keeps a
/// busy socket from starving the thread's others.
constexpr int max_reads_a_turn = 16;

using boost::asio::posix::stream_descriptor;

}  // namespace

struct AsyncContext::Hooks {
  static AsyncContext& of(void* data) { return *static_cast<AsyncContext*>(data); }
  static AsyncContext& of(const redisAsyncContext* context) { return of(context->data); }

  static void add_read(void* data) { of(data).want_read(); }
  static void del_read(void* data) { of(data).wants_read_ = false; }
  static void add_write(void* data) { of(data).want_write(); }
  static void del_write(void* data) { of(data).wants_write_ = false; }

  /// hiredis closes the descriptor itself, so it is only released.
  static void cleanup(void* data) {
    AsyncContext& it = of(data);
    it.context_ = nullptr;
    it.descriptor_.release();
    const auto last = std::move(it.self_);
  }

  static void on_connect(const redisAsyncContext* context, int status) {
    AsyncContext& it = of(context);
    it.is_open_ = status == REDIS_OK;
    if (it.owner_ == nullptr) return;
    if (it.is_open_) return begin(it);
    // No disconnect callback follows a failed connect.
    gone(it, context->c.errstr);
  }

  static void on_disconnect(const redisAsyncContext* context, int) {
    AsyncContext& it = of(context);
    if (it.owner_ != nullptr) gone(it, context->c.errstr);
  }

  /// hiredis with TLS (1.1 or later) lets a connection be freed inside this callback, and must not write to
  /// one whose TLS did not begin.
  static void begin(AsyncContext& it) {
    if (!it.tls_ || it.tls_->begin(*it.context_)) return it.owner_->on_open();
    gone(it, it.context_->c.errstr);
    redisAsyncFree(it.context_);
  }

  static void gone(AsyncContext& it, const char* text) {
    const std::string_view reason = text;
    Owner* owner = std::exchange(it.owner_, nullptr);
    if (it.is_open_ && it.tls_ && !it.tls_->is_agreed()) {
      const std::string fault = it.tls_->fault();
      return owner->on_tls_failed(fault.empty() ? reason : fault);
    }
    owner->on_gone(reason.empty() ? "the connection was closed" : reason);
  }

  static void on_reply(redisAsyncContext* context, void* reply, void*) {
    // Null at a teardown: on_gone tells that once for all that was in flight.
    if (reply == nullptr) return;
    AsyncContext& it = of(context);
    if (it.owner_ != nullptr) it.owner_->on_reply(Reply(static_cast<const redisReply*>(reply)));
  }
};

AsyncContext::AsyncContext(boost::asio::io_context& context, Owner& owner, std::unique_ptr<TlsSession> tls)
    : descriptor_(context), owner_(&owner), tls_(std::move(tls)) {}

Result<std::shared_ptr<AsyncContext>> AsyncContext::open(boost::asio::io_context& context,
                                                         const boost::asio::ip::tcp::endpoint& endpoint,
                                                         Owner& owner, std::unique_ptr<TlsSession> tls) {
  auto opened = std::make_shared<AsyncContext>(context, owner, std::move(tls));
  if (const auto attached = opened->attach(endpoint); !attached) return attached.error();
  return opened;
}

Result<void> AsyncContext::attach(const boost::asio::ip::tcp::endpoint& endpoint) {
  redisAsyncContext* context = redisAsyncConnect(endpoint.address().to_string().c_str(), endpoint.port());
  if (context == nullptr) return Error{"out of memory"};
  boost::system::error_code error;
  if (context->err == 0) descriptor_.assign(context->c.fd, error);
  if (context->err != 0 || error) {
    const std::string reason = error ? error.message() : context->c.errstr;
    redisAsyncFree(context);
    return Error{reason};
  }
  redisEnableKeepAlive(&context->c);
  context_ = context;
  self_ = shared_from_this();
  context->data = this;
  context->ev.data = this;
  context->ev.addRead = Hooks::add_read;
  context->ev.delRead = Hooks::del_read;
  context->ev.addWrite = Hooks::add_write;
  context->ev.delWrite = Hooks::del_write;
  context->ev.cleanup = Hooks::cleanup;
  redisAsyncSetDisconnectCallback(context, Hooks::on_disconnect);
  redisAsyncSetConnectCallback(context, Hooks::on_connect);
  return {};
}

bool AsyncContext::send(std::span<const std::string_view> words) {
  if (context_ == nullptr || owner_ == nullptr) return false;
  words_.clear();
  lengths_.clear();
  for (const std::string_view word : words) {
    words_.push_back(word.data());
    lengths_.push_back(word.size());
  }
  return redisAsyncCommandArgv(context_, Hooks::on_reply, nullptr, static_cast<int>(words.size()),
                               words_.data(), lengths_.data()) == REDIS_OK;
}

void AsyncContext::close() {
  owner_ = nullptr;
  if (!inside_hiredis_) leave_hiredis();
}

void AsyncContext::leave_hiredis() {
  const auto keep = shared_from_this();
  inside_hiredis_ = false;
  if (context_ == nullptr) return;
  if (owner_ == nullptr) {
    inside_hiredis_ = true;
    redisAsyncFree(context_);
    inside_hiredis_ = false;
    return;
  }
  if (wants_read_) want_read();
  if (wants_write_) want_write();
}

void AsyncContext::want_read() {
  wants_read_ = true;
  if (inside_hiredis_ || is_waiting_read_ || context_ == nullptr) return;
  is_waiting_read_ = true;
  descriptor_.async_wait(stream_descriptor::wait_read,
                         [self = weak_from_this()](boost::system::error_code error) {
                           if (error != boost::asio::error::operation_aborted)
                             if (const auto it = self.lock()) it->on_readable();
                         });
}

void AsyncContext::want_write() {
  wants_write_ = true;
  if (inside_hiredis_ || is_waiting_write_ || context_ == nullptr) return;
  is_waiting_write_ = true;
  auto write = [self = weak_from_this()](boost::system::error_code error = {}) {
    if (error != boost::asio::error::operation_aborted)
      if (const auto it = self.lock()) it->on_writable();
  };
  // An open socket takes bytes until it says otherwise; to wait for that first would cost two system calls a
  // batch.
  if (is_open_ && !is_socket_full_) {
    boost::asio::post(descriptor_.get_executor(), std::move(write));
  } else {
    descriptor_.async_wait(stream_descriptor::wait_write, std::move(write));
  }
}

void AsyncContext::on_readable() {
  is_waiting_read_ = false;
  for (int reads = 0; context_ != nullptr && owner_ != nullptr && reads < max_reads_a_turn; ++reads) {
    if (reads > 0 && !has_bytes()) break;
    inside_hiredis_ = true;
    if (tls_) TlsSession::forget_errors();
    redisAsyncHandleRead(context_);
  }
  if (context_ != nullptr && owner_ != nullptr) owner_->on_drained();
  leave_hiredis();
}

void AsyncContext::on_writable() {
  is_waiting_write_ = false;
  if (context_ == nullptr) return;
  inside_hiredis_ = true;
  if (tls_) TlsSession::forget_errors();
  redisAsyncHandleWrite(context_);
  is_socket_full_ = wants_write_;
  leave_hiredis();
}

bool AsyncContext::has_bytes() {
  if (tls_ && tls_->has_bytes()) return true;
  stream_descriptor::bytes_readable readable;
  boost::system::error_code error;
  descriptor_.io_control(readable, error);
  return !error && readable.get() > 0;
}

}  // namespace chat::redis
