#include "gateway/connection/lazy_frame.hpp"

#include <gtest/gtest.h>

namespace chat::gateway::ws {
namespace {

struct LazyFrameTest : ::testing::Test {
  LazyFrame shared;
  int encoded = 0;

  const FrameRef& get(LazyFrameHandles& handles, std::size_t form) {
    return handles.get(shared, form, [this, form] {
      ++encoded;
      return encode_frame(Opcode::text, std::to_string(form));
    });
  }
};

TEST_F(LazyFrameTest, I5AFormIsEncodedOnceForAllWorkers) {
  LazyFrameHandles one, other;
  EXPECT_EQ(get(one, 0)->bytes, get(other, 0)->bytes);
  EXPECT_EQ(encoded, 1);
}

TEST_F(LazyFrameTest, AWorkersMembersShareOneHandle) {
  LazyFrameHandles worker;
  const Frame* const first = get(worker, 0).get();
  EXPECT_EQ(get(worker, 0).get(), first);
  EXPECT_EQ(first->bytes.use_count(), 2) << "the shared frame and this worker";
}

TEST_F(LazyFrameTest, AFormThatNobodyNeedsIsNotEncoded) {
  LazyFrameHandles worker;
  EXPECT_EQ(payload_of(get(worker, 1)->view()), "1");
  EXPECT_EQ(worker.made(0), nullptr);
  EXPECT_EQ(encoded, 1);
}

}  // namespace
}  // namespace chat::gateway::ws
