#include "gateway/socketio/recovery.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace chat::gateway::socketio {
namespace {

using nlohmann::json;

TEST(ReadRecovery, TakesNothingButItsOwnValues) {
  const std::string sid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const auto read = [](const std::string& pid, const json& offset) {
    return read_recovery({{"pid", pid}, {"offset", offset}});
  };
  const auto good = read(make_pid(sid, {5, 6}), make_offset({7, 8}));
  ASSERT_TRUE(good);
  EXPECT_EQ(good->sid, sid);
  EXPECT_EQ(good->since, (Cursor{7, 8}));
  EXPECT_EQ(read(make_pid(sid, {5, 6}), "5-5")->since, (Cursor{5, 6})) << "of the connection before";
  EXPECT_FALSE(read_recovery(json::object()));
  EXPECT_FALSE(read_recovery({{"pid", 5}}));
  for (const std::string pid :
       {"", "x", "x.5-6", "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e.5"})
    EXPECT_FALSE(read(pid, "5-6")) << pid;
  for (const json& offset :
       std::vector<json>{"", "5", "5-", "-6", "5-6x", "a-b", "-5-6", "9007199254740992-1", 5, nullptr})
    EXPECT_FALSE(read(make_pid(sid, {5, 6}), offset)) << offset;
}

}  // namespace
}  // namespace chat::gateway::socketio
