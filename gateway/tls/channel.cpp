#include "gateway/tls/channel.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "common/base/bug.hpp"

namespace chat::gateway::tls {
namespace {

HandshakeFailure failure_of(unsigned long error) {
  if (error == 0) return HandshakeFailure::closed;
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return HandshakeFailure::protocol;
  const int reason = ERR_GET_REASON(error);
  if (reason == SSL_R_HTTP_REQUEST) return HandshakeFailure::plain_http;
  // OpenSSL gives the client's alert number with this added.
  if (reason >= SSL_AD_REASON_OFFSET) return HandshakeFailure::rejected;
  return HandshakeFailure::protocol;
}

}  // namespace

Channel::Channel(const Certificate& certificate, int descriptor) : ssl_(certificate.make_server()) {
  if (SSL_set_fd(ssl_.get(), descriptor) != 1) throw std::bad_alloc();
}

Progress Channel::shake_hands() {
  // What another connection of this thread left in OpenSSL's queue would be taken for this one's error.
  ERR_clear_error();
  const Progress progress = progress_of(SSL_accept(ssl_.get()), 0);
  if (progress.outcome == Outcome::failed || progress.outcome == Outcome::ended)
    failure_ = failure_of(ERR_peek_error());
  return progress;
}

Progress Channel::read(void* to, std::size_t size) {
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_read_ex(ssl_.get(), to, size, &bytes);
  return progress_of(result, bytes);
}

Progress Channel::peek() {
  ERR_clear_error();
  char byte = 0;
  std::size_t bytes = 0;
  const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &bytes);
  return progress_of(result, bytes);
}

Progress Channel::write(const void* from, std::size_t size) {
  CHAT_BUG(size < pending_bytes_, "a TLS write that is tried again lacks bytes of the first try");
  ERR_clear_error();
  std::size_t bytes = 0;
  const int result = SSL_write_ex(ssl_.get(), from, size, &bytes);
  const Progress progress = progress_of(result, bytes);
  if (progress.outcome == Outcome::done)
    pending_bytes_ = 0;
  else if (pending_bytes_ == 0)
    pending_bytes_ = size;
  return progress;
}

Progress Channel::write(std::span<const iovec> parts, loop::RecordBuffer& joined) {
  const iovec& first = parts.front();
  if (parts.size() == 1 || first.iov_len >= joined.size)
    return write(first.iov_base, std::min(first.iov_len, joined.size));
  std::size_t used = 0;
  for (const iovec& part : parts) {
    const std::size_t taken = std::min(part.iov_len, joined.size - used);
    std::memcpy(joined.data() + used, part.iov_base, taken);
    used += taken;
    if (used == joined.size) break;
  }
  return write(joined.data(), used);
}

std::uint64_t Channel::bytes_out() const {
  return BIO_number_written(SSL_get_wbio(ssl_.get()));
}

void Channel::say_goodbye() {
  if (is_broken_ || pending_bytes_ > 0 || SSL_in_init(ssl_.get()) == 1) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

Progress Channel::progress_of(int result, std::size_t bytes) {
  if (result > 0) return {Outcome::done, bytes};
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Outcome::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {Outcome::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Outcome::ended};
    default:
      is_broken_ = true;  // SSL_shutdown must not be called any more
      return {Outcome::failed};
  }
}

}  // namespace chat::gateway::tls
