// A scripted Redis on Asio, on the same thread as the client under test.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "common/config/service_settings.hpp"

namespace chat::test {

using Words = std::vector<std::string>;

/// One client's connection as the server sees it.
class FakePeer : public std::enable_shared_from_this<FakePeer> {
 public:
  using OnCommand = std::function<void(FakePeer&, const Words&)>;

  FakePeer(boost::asio::ip::tcp::socket socket, std::size_t connection, OnCommand& on_command)
      : number(connection), socket_(std::move(socket)), on_command_(on_command) {}

  const std::size_t number;  // 0 for the first connection
  bool is_left = false;      // the client has closed

  void write(const std::string& bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  void reset() {
    boost::system::error_code ignored;
    socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    close();
  }

  void read() {
    socket_.async_read_some(boost::asio::buffer(buffer_),
                            [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                              if (error == boost::asio::error::eof) self->is_left = true;
                              if (error) return;
                              self->bytes_.append(self->buffer_, size);
                              while (self->take_command()) {
                              }
                              if (self->socket_.is_open()) self->read();
                            });
  }

 private:
  bool take_command() {
    std::size_t at = 0;
    const auto number_after = [&](char mark, std::size_t& value) {
      const auto end = bytes_.find("\r\n", at);
      if (end == std::string::npos || bytes_[at] != mark) return false;
      value = std::stoul(bytes_.substr(at + 1, end - at - 1));
      at = end + 2;
      return true;
    };
    std::size_t count = 0;
    if (!number_after('*', count)) return false;
    Words words;
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t length = 0;
      if (!number_after('$', length) || bytes_.size() < at + length + 2) return false;
      words.push_back(bytes_.substr(at, length));
      at += length + 2;
    }
    bytes_.erase(0, at);
    on_command_(*this, words);
    return socket_.is_open();
  }

  boost::asio::ip::tcp::socket socket_;
  OnCommand& on_command_;
  char buffer_[16384]{};
  std::string bytes_;
};

/// Listens on a port of the kernel's choice from the start; each command goes to `on_command`.
class FakeRedis {
 public:
  explicit FakeRedis(boost::asio::io_context& context, unsigned short port = 0)
      : acceptor_(context, {boost::asio::ip::make_address("127.0.0.1"), port}) {
    accept();
  }
  ~FakeRedis() {
    for (const auto& weak : peers_)
      if (const auto peer = weak.lock()) peer->close();
  }

  FakePeer::OnCommand on_command = [](FakePeer& peer, const Words& words) { answer_greeting(peer, words); };
  std::size_t connections = 0;

  unsigned short port() const { return acceptor_.local_endpoint().port(); }

  config::RedisSettings settings() const {
    config::RedisSettings settings;
    settings.port = port();
    return settings;
  }

  /// As a Redis that takes any password. False when the command is none of the greeting's.
  static bool answer_greeting(FakePeer& peer, const Words& words) {
    if (words[0] == "AUTH" || words[0] == "SELECT") {
      peer.write("+OK\r\n");
    } else if (words[0] == "PING") {
      peer.write("+PONG\r\n");
    } else if (words[0] == "INFO") {
      peer.write(bulk("# Server\r\nredis_version:7.0.15\r\nrun_id:run-" + std::to_string(peer.number) +
                      "\r\ntcp_port:1\r\n"));
    } else if (words[0] == "SCRIPT") {
      peer.write(bulk("sha-of-" + words[2]));
    } else {
      return false;
    }
    return true;
  }

  static std::string bulk(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }

 private:
  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, boost::asio::ip::tcp::socket socket) {
      if (error) return;
      const auto peer = std::make_shared<FakePeer>(std::move(socket), connections++, on_command);
      peers_.push_back(peer);
      peer->read();
      accept();
    });
  }

  boost::asio::ip::tcp::acceptor acceptor_;
  std::list<std::weak_ptr<FakePeer>> peers_;
};

}  // namespace chat::test
