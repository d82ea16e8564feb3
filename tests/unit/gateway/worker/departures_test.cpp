#include "gateway/worker/departures.hpp"

#include <algorithm>
#include <vector>

#include "tests/unit/gateway/chat/session_fixture.hpp"

namespace chat::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeOutlet;
using testing::has;

constexpr std::size_t all = 1'000;

struct DeparturesTest : testing::SessionTest {
  struct Client {
    FakeOutlet outlet;
    std::shared_ptr<Session> session;
  };

  Client& add(bool obeys) {
    clients.push_back(std::make_unique<Client>());
    clients.back()->outlet.obeys = obeys;
    clients.back()->session = std::make_shared<Session>(services, clients.back()->outlet);
    return *clients.back();
  }
  /// Lets the time go by as the worker does.
  void pass(milliseconds time) {
    for (const auto end = clock.now() + time; clock.now() < end; clock.sleep(milliseconds(10)))
      departures.run();
  }
  std::ptrdiff_t closed() const {
    return std::ranges::count_if(clients, [](const auto& client) { return client->outlet.closes == 1; });
  }

  Departures departures{clock, random};
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(DeparturesTest, AllAreToldAtOnceAndClosedOneByOneWithinTheSpan) {
  session.reset();
  for (int i = 0; i < 100; ++i) add(i % 2 == 0);
  EXPECT_EQ(departures.plan(services.sessions, all, seconds(10)), 100U);
  for (const auto& client : clients) EXPECT_TRUE(has(client->outlet.take().at(0), "reconnect"));
  pass(seconds(5));
  EXPECT_GE(closed(), 40);
  EXPECT_LE(closed(), 60);
  EXPECT_EQ(departures.size(), 100U - static_cast<std::size_t>(closed()));
  const auto served =
      std::ranges::count_if(clients, [](const auto& client) { return client->session->ready_for_command(); });
  EXPECT_EQ(served, 100 - closed()) << "a client whose turn has not come is served";
  pass(seconds(6));
  EXPECT_EQ(closed(), 100);
  EXPECT_EQ(departures.size(), 0U);
}

TEST_F(DeparturesTest, AClientGoesOnceItsSendsAreAcknowledged) {
  join("r");
  send();
  answer({AcceptReply::Status::accepted, {5, 2}, ""});
  departures.plan(services.sessions, all, seconds(0));
  pass(seconds(1));
  EXPECT_FALSE(session->ready_for_command());
  EXPECT_EQ(outlet.closes, 0);
  journal.entries[0].on_durable();
  pass(milliseconds(10));
  EXPECT_EQ(outlet.closes, 1);
  const auto told = outlet.take();
  EXPECT_TRUE(has(told.back(), R"("type":"ack")")) << told.back();
}

TEST_F(DeparturesTest, AnAnswerThatDoesNotComeHoldsAClientForTwoSeconds) {
  join("r");
  send();
  departures.plan(services.sessions, all, seconds(0));
  pass(milliseconds(1'990));
  EXPECT_EQ(outlet.closes, 0);
  pass(milliseconds(30));
  EXPECT_EQ(outlet.closes, 1);
  EXPECT_TRUE(has(outlet.take().back(), "unavailable"));
}

TEST_F(DeparturesTest, AShareIsChosenAtRandomAndTheOthersHearNothing) {
  session.reset();
  for (int i = 0; i < 100; ++i) add(true);
  EXPECT_EQ(departures.plan(services.sessions, 30, seconds(1)), 30U);
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < clients.size(); ++i)
    if (!clients[i]->outlet.take().empty()) chosen.push_back(i);
  EXPECT_EQ(chosen.size(), 30U);
  EXPECT_NE(chosen.back(), 29U) << "not the oldest ones";
  pass(seconds(2));
  EXPECT_EQ(closed(), 30);
}

TEST_F(DeparturesTest, AClientThatLeftByItselfIsForgotten) {
  departures.plan(services.sessions, all, seconds(1));
  session.reset();
  pass(seconds(2));
  EXPECT_EQ(departures.size(), 0U);
}

TEST_F(DeparturesTest, ADrainTakesThePlaceOfAnEarlierPlan) {
  departures.plan(services.sessions, all, seconds(1'000));
  departures.plan(services.sessions, all, seconds(1));
  EXPECT_EQ(departures.size(), 1U);
  pass(seconds(1));
  EXPECT_EQ(outlet.closes, 1);
}

}  // namespace
}  // namespace chat::gateway
