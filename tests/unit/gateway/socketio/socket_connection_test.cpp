#include "gateway/socketio/socket_connection.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "gateway/engineio/message_frame.hpp"
#include "tests/unit/gateway/engineio/fake_socket.hpp"

namespace chat::gateway::socketio {
namespace {

using engineio::EngineAnswer;
using engineio::EngineSession;
using engineio::EngineSettings;
using engineio::make_message_frame;
using engineio::testing::FakeSocket;
using nlohmann::json;

struct Seen {
  std::vector<std::string> names;
  std::vector<json> acks;
  int disconnected = 0;
  bool is_ready = true;
  bool admits = true;
  Socket* socket = nullptr;
};

/// As the echo of the protocol's own test suite: tells the auth object, answers `message` and
/// `message-with-ack`.
class Echo : public SocketHandler {
 public:
  Echo(Seen& seen, json auth, json fields = json::object())
      : seen_(seen), auth_(std::move(auth)), fields_(std::move(fields)) {}
  void on_open(Socket& socket) override {
    seen_.socket = socket_ = &socket;
    if (seen_.admits) admit();
  }
  void admit() {
    socket_->connect("id", fields_);
    socket_->emit(json::array({"auth", auth_}));
  }
  void on_event(const std::string& name, json args, std::optional<std::uint64_t> id) override {
    seen_.names.push_back(name);
    if (id) return socket_->acknowledge(*id, std::move(args));
    args.insert(args.begin(), name + "-back");
    socket_->emit(std::move(args));
  }
  bool ready_for_message() const override { return seen_.is_ready; }
  void on_disconnect() override { ++seen_.disconnected; }

 private:
  Seen& seen_;
  const json auth_;
  const json fields_;
  Socket* socket_ = nullptr;
};

struct SocketConnectionTest : ::testing::Test {
  const EngineSession::TimePoint now{std::chrono::hours(1)};
  FakeSocket socket;
  const EngineSettings settings;
  Seen main, custom;
  std::shared_ptr<EngineSession> session;

  void SetUp() override {
    const auto make_handler = [this](const std::string& nsp,
                                     const json& auth) -> std::unique_ptr<SocketHandler> {
      if (nsp == "/") return std::make_unique<Echo>(main, auth);
      if (nsp.starts_with("/more")) return std::make_unique<Echo>(custom, auth);
      if (nsp == "/custom") return std::make_unique<Echo>(custom, auth, json{{"pid", "p"}});
      return nullptr;
    };
    session = std::make_shared<EngineSession>(
        "sid", settings, std::make_unique<SocketConnection>(make_handler, std::chrono::seconds(1)),
        [](const auto& call) { call(); });
    session->open_socket(socket, now);
    socket.sent.clear();
  }
  /// What the server answers to these packets of the client.
  std::vector<std::string> answers(const std::vector<std::string>& packets) {
    for (const std::string& packet : packets) session->on_frame(socket, packet, false, now);
    return std::exchange(socket.sent, {});
  }
};

using Packets = std::vector<std::string>;

TEST_F(SocketConnectionTest, AClientConnectsWithItsAuthObject) {
  EXPECT_EQ(answers({"40"}), (Packets{R"(40{"sid":"id"})", R"(42["auth",{}])"}));
  EXPECT_EQ(answers({R"(40/custom,{"token":"abc"})"}),
            (Packets{R"(40/custom,{"pid":"p","sid":"id"})", R"(42/custom,["auth",{"token":"abc"}])"}));
}

TEST_F(SocketConnectionTest, AnUnknownNamespaceIsRefusedAndTheConnectionStays) {
  EXPECT_EQ(answers({"40/random"}), Packets{R"(44/random,{"message":"Invalid namespace"})"});
  EXPECT_FALSE(socket.is_closed);
}

TEST_F(SocketConnectionTest, TheQueryOfANamespaceIsNotItsName) {
  EXPECT_EQ(answers({"40/custom?token=1,"}).size(), 2U);
  EXPECT_EQ(answers({R"(42/custom,["message"])"}), Packets{R"(42/custom,["message-back"])"});
}

TEST_F(SocketConnectionTest, EventsAndAcksGoTheirWay) {
  answers({"40"});
  EXPECT_EQ(answers({R"(42["message",1,"2",{"3":[true]}])"}),
            Packets{R"(42["message-back",1,"2",{"3":[true]}])"});
  EXPECT_EQ(answers({R"(42456["message-with-ack",1,"2"])"}), Packets{R"(43456[1,"2"])"});
  EXPECT_EQ(answers({"42[7]"}), Packets{R"(42["7-back"])"});
}

TEST_F(SocketConnectionTest, BinaryGoesBothWays) {
  answers({"40"});
  session->on_frame(
      socket, R"(452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])",
      false, now);
  session->on_frame(socket, "\1\2", true, now);
  EXPECT_TRUE(socket.sent.empty());
  session->on_frame(socket, "\3", true, now);
  EXPECT_EQ(socket.sent, (Packets{R"(462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])",
                                  "\1\2", "\3"}));
}

TEST_F(SocketConnectionTest, TheServerMayAskForAnAck) {
  answers({"40"});
  main.socket->emit(json::array({"question"}), [&](json args) { main.acks.push_back(std::move(args)); });
  EXPECT_EQ(socket.sent, Packets{R"(420["question"])"});
  answers({R"(430["answer"])", R"(430["again"])", R"(439["unasked"])"});
  EXPECT_EQ(main.acks, std::vector<json>{json::array({"answer"})});
  EXPECT_FALSE(socket.is_closed);
}

TEST_F(SocketConnectionTest, ASharedFrameIsSentAsItIs) {
  answers({"40"});
  main.socket->emit(make_message_frame(R"(2["message",{"a":1}])", false));
  EXPECT_EQ(socket.sent, Packets{R"(42["message",{"a":1}])"});
}

TEST_F(SocketConnectionTest, ADisconnectEndsOneNamespace) {
  answers({"40", "40/custom"});
  EXPECT_EQ(answers({"41/custom,"}), Packets{});
  EXPECT_EQ(custom.disconnected, 1);
  EXPECT_EQ(main.disconnected, 0);
  EXPECT_EQ(answers({R"(42["message"])"}), Packets{R"(42["message-back"])"});
  main.socket->disconnect();
  EXPECT_EQ(socket.sent, Packets{"41"});
  EXPECT_EQ(main.disconnected, 1);
  EXPECT_FALSE(socket.is_closed);
}

TEST_F(SocketConnectionTest, TheConnectionsEndEndsAllNamespaces) {
  answers({"40", "40/custom"});
  session->on_socket_closed(socket);
  EXPECT_EQ(main.disconnected + custom.disconnected, 2);
}

TEST_F(SocketConnectionTest, PacketsOutOfPlaceCloseTheConnection) {
  for (const std::string_view packet : {"4abc", R"(42/unknown,["a"])", "42{}", "40", "41/unknown", "44{}"}) {
    SetUp();
    socket.is_closed = false;
    answers({"40", std::string(packet)});
    EXPECT_TRUE(socket.is_closed) << packet;
  }
  SetUp();
  socket.is_closed = false;
  session->on_frame(socket, "x", true, now);
  EXPECT_TRUE(socket.is_closed) << "an attachment of nothing";
}

TEST_F(SocketConnectionTest, WhoConnectsToNothingIsClosed) {
  EXPECT_EQ(session->deadline(), now + std::chrono::seconds(1));
  session->on_deadline(now + std::chrono::milliseconds(999));
  EXPECT_FALSE(socket.is_closed);
  session->on_deadline(now + std::chrono::seconds(1));
  EXPECT_TRUE(socket.is_closed);
  SetUp();
  socket.is_closed = false;
  answers({"40"});
  session->on_deadline(now + std::chrono::seconds(2));
  EXPECT_FALSE(socket.is_closed);
}

TEST_F(SocketConnectionTest, NothingIsReadUntilTheClientIsLetIn) {
  main.admits = false;
  EXPECT_EQ(answers({"40"}), Packets{});
  EXPECT_FALSE(session->ready_for_message(socket));
  main.socket->connect("later", {{"pid", "p"}});
  EXPECT_EQ(socket.sent, Packets{R"(40{"pid":"p","sid":"later"})"});
  EXPECT_TRUE(session->ready_for_message(socket));
}

TEST_F(SocketConnectionTest, ARefusedClientIsInNoNamespace) {
  main.admits = false;
  answers({"40"});
  main.socket->refuse({{"message", "no"}});
  EXPECT_EQ(socket.sent, Packets{R"(44{"message":"no"})"});
  EXPECT_EQ(main.disconnected, 0);
  EXPECT_TRUE(session->ready_for_message(socket));
  session->on_deadline(now + std::chrono::seconds(1));
  EXPECT_TRUE(socket.is_closed) << "it connected to nothing";
}

TEST_F(SocketConnectionTest, I6NamespacesAreBounded) {
  for (int i = 0; i < 16; ++i) answers({"40/more" + std::to_string(i)});
  EXPECT_FALSE(socket.is_closed);
  answers({"40"});
  EXPECT_TRUE(socket.is_closed);
  EXPECT_EQ(custom.disconnected, 16);
}

TEST_F(SocketConnectionTest, I6AHandlerThatIsNotReadyHoldsTheConnectionBack) {
  answers({"40"});
  main.is_ready = false;
  EXPECT_FALSE(session->ready_for_message(socket));
}

}  // namespace
}  // namespace chat::gateway::socketio
