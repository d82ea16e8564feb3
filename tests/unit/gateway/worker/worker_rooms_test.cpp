#include "gateway/worker/worker_rooms.hpp"

#include <array>
#include <deque>
#include <sstream>

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/gateway/fanout/hub_fixture.hpp"

namespace chat::gateway {
namespace {

using namespace testing;

/// The hub and two workers on one thread, each with a queue of calls that the test runs.
struct WorkerRoomsTest : HubTest {
  using Queue = std::deque<loop::Mailbox::Call>;

  struct Worker {
    Worker(std::size_t index, WorkerRoomsTest& test)
        : rooms(index, "gw-1", {mailbox_of(calls), mailbox_of(test.hub_calls)}, test.hub, test.journal,
                test.metrics) {
      auto owned = std::make_unique<FakeStore>();
      store = owned.get();
      rooms.start(std::move(owned), nullptr);
      session = std::make_shared<Session>(rooms.services(), outlet);
    }

    Queue calls;
    FakeStore* store = nullptr;
    WorkerRooms rooms;
    FakeOutlet outlet;
    std::shared_ptr<Session> session;
  };

  static loop::Mailbox mailbox_of(Queue& queue) {
    return loop::Mailbox([&queue](loop::Mailbox::Call call) { queue.push_back(std::move(call)); });
  }
  static void run(Queue& queue) {
    while (!queue.empty()) {
      const auto call = std::move(queue.front());
      queue.pop_front();
      call();
    }
  }

  void SetUp() override { hub.attach(bus, {&first.rooms, &second.rooms}); }

  void join(Worker& worker) {
    worker.session->handle(JoinCommand{"j", "r", std::nullopt, 0});
    run(hub_calls);
  }
  /// The bus says that the room is subscribed, and each worker's join is read.
  void confirm() {
    hub.on_subscribed("r");
    bus.answer(page_up_to({5, 1}));
    for (Worker* worker : {&first, &second}) {
      run(worker->calls);
      for (auto& read : std::exchange(worker->store->reads, {})) read.handler(page_up_to({5, 1}));
    }
  }
  void publish(Cursor cursor) {
    hub.on_publication("r", message(cursor));
    hub.on_batch_end();
  }

  Queue hub_calls;
  FakeJournal journal;
  Worker first{0, *this}, second{1, *this};
};

TEST_F(WorkerRoomsTest, AMessageReachesTheMembersOfEachWorkerWhenItsMailboxIsRun) {
  join(first);
  join(second);
  confirm();
  publish({5, 2});
  EXPECT_GT(first.rooms.backlog_bytes(), 0U);
  EXPECT_TRUE(first.outlet.cursors.empty()) << "nothing runs inside the hub's call";
  run(second.calls);
  EXPECT_EQ(second.outlet.cursors, (std::vector<Cursor>{{5, 2}}));
  EXPECT_TRUE(first.outlet.cursors.empty());
  run(first.calls);
  EXPECT_EQ(first.outlet.cursors, (std::vector<Cursor>{{5, 2}}));
  EXPECT_EQ(first.rooms.backlog_bytes(), 0U);
  EXPECT_EQ(metrics.deliver_seconds.Collect().histogram.sample_count, 2U) << "once a worker and batch";
}

TEST_F(WorkerRoomsTest, TheHubHearsOfARoomOnlyThroughItsMailbox) {
  first.session->handle(JoinCommand{"j", "r", std::nullopt, 0});
  EXPECT_TRUE(bus.subscribed.empty());
  run(hub_calls);
  EXPECT_EQ(bus.subscribed, std::vector<std::string>{"r"});
}

TEST_F(WorkerRoomsTest, TheJournalsReportsRunOnTheWorker) {
  bool has_run = false;
  first.rooms.post_all({[&has_run] { has_run = true; }});
  EXPECT_FALSE(has_run);
  run(first.calls);
  EXPECT_TRUE(has_run);
}

TEST_F(WorkerRoomsTest, ASimulatorGivesTheTimeAndTheNumbers) {
  Queue calls;
  test::ManualClock simulated;
  test::SeededRandom random(1), same(1);
  WorkerRooms rooms(2, "gw-1", {mailbox_of(calls), mailbox_of(hub_calls)}, hub, journal, metrics, simulated,
                    random);
  auto owned = std::make_unique<FakeStore>();
  FakeStore& store = *owned;
  rooms.start(std::move(owned), nullptr);
  FakeOutlet outlet;
  const auto session = std::make_shared<Session>(rooms.services(), outlet);
  session->start();
  std::ostringstream number;
  number << std::hex << same.next();
  EXPECT_NE(outlet.take()[0].find(R"("session":")" + number.str()), std::string::npos);
  session->handle(JoinCommand{"j", "r", std::nullopt, 0});
  const Uuid id = random_uuid();
  session->handle(SendCommand{id, to_string(id), "r", "hello"});
  ASSERT_EQ(store.accepts.size(), 1U);
  EXPECT_EQ(store.accepts[0].request.sent_at, std::chrono::milliseconds(std::chrono::hours(1)).count());
}

TEST_F(WorkerRoomsTest, NoSessionTakesACommandOnceCommandsAreStopped) {
  first.rooms.stop_commands();
  EXPECT_FALSE(first.session->ready_for_command());
  EXPECT_TRUE(first.rooms.services().is_draining);
  EXPECT_FALSE(second.rooms.services().is_draining);
}

}  // namespace
}  // namespace chat::gateway
