#include "common/http/list_headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/http/empty_lines.hpp"

namespace chat {
namespace {

using boost::beast::http::field;
using boost::beast::http::fields;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ListHeaders, ElementsAreTakenWithoutBlanksAndEmptyOnes) {
  EXPECT_THAT(list_elements("a, b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(list_elements(" \t,, a\t , ,b/1.0 ,"), ElementsAre("a", "b/1.0"));
  EXPECT_THAT(list_elements(""), IsEmpty());
  EXPECT_THAT(list_elements(" , "), IsEmpty());
}

TEST(ListHeaders, ElementsAreFoundInAnyCaseAndWholeOnly) {
  EXPECT_TRUE(has_element("keep-alive,UPGRADE", "upgrade"));
  EXPECT_TRUE(has_element("foo/1, WebSocket", "websocket"));
  EXPECT_FALSE(has_element("upgrade-insecure, xupgrade", "upgrade"));
  EXPECT_FALSE(has_element("", "upgrade"));
}

TEST(ListHeaders, LinesOfOneListBecomeOneInTheirOrder) {
  fields all;
  all.insert(field::connection, "keep-alive");
  all.insert(field::cookie, "a=b");
  all.insert("coNNection", "Upgrade");
  all.insert(field::cookie, "c=d");
  all.insert(field::connection, "x");
  join_list_lines(all);
  EXPECT_EQ(all.count(field::connection), 1U);
  EXPECT_EQ(all[field::connection], "keep-alive, Upgrade, x");
  EXPECT_EQ(all.count(field::cookie), 2U);
}

TEST(ListHeaders, CloseEndsAConnectionAndKeepAliveHoldsOneOfHttp10) {
  EXPECT_TRUE(wants_keep_alive(11, ""));
  EXPECT_FALSE(wants_keep_alive(11, "keep-alive, Close"));
  EXPECT_FALSE(wants_keep_alive(10, "upgrade"));
  EXPECT_TRUE(wants_keep_alive(10, "upgrade, Keep-Alive"));
}

TEST(ListHeaders, ABodyEndsForCertainInChunksOfHttp11Alone) {
  const auto certain = [](unsigned version, const char* encoding, bool is_chunked) {
    fields all;
    if (encoding != nullptr) all.set(field::transfer_encoding, encoding);
    return has_certain_framing(version, all, is_chunked);
  };
  EXPECT_TRUE(certain(11, nullptr, false));
  EXPECT_TRUE(certain(10, nullptr, false));
  EXPECT_TRUE(certain(11, "chunked", true));
  EXPECT_TRUE(certain(11, ", Chunked ,", true));
  EXPECT_FALSE(certain(11, "gzip", false));
  EXPECT_FALSE(certain(11, "gzip, chunked", true));
  EXPECT_FALSE(certain(11, "chunked, gzip", true));
  EXPECT_FALSE(certain(10, "chunked", true));
}

TEST(EmptyLines, AreDroppedInFrontOfARequestOnly) {
  const auto rest = [](std::string_view bytes) {
    boost::beast::flat_buffer buffer;
    buffer.commit(boost::asio::buffer_copy(buffer.prepare(bytes.size()), boost::asio::buffer(bytes)));
    const std::size_t dropped = drop_empty_lines(buffer, 2);
    const auto left = buffer.cdata();
    return std::to_string(dropped) + std::string(static_cast<const char*>(left.data()), left.size()) +
           (has_request_begun(buffer) ? "!" : "?");
  };
  EXPECT_EQ(rest(""), "0?");
  EXPECT_EQ(rest("\r"), "0\r?");
  EXPECT_EQ(rest("\r\n"), "1?");
  EXPECT_EQ(rest("\r\n\r"), "1\r?");
  EXPECT_EQ(rest("\r\n\r\nG"), "2G!");
  EXPECT_EQ(rest("\r\n\r\n\r\nG"), "2\r\nG!");
  EXPECT_EQ(rest("\rG"), "0\rG!");
  EXPECT_EQ(rest("\n"), "0\n!");
  EXPECT_EQ(rest("GET\r\n"), "0GET\r\n!");
}

}  // namespace
}  // namespace chat
