// Break points for a service under test. Tests load this library into the process with LD_PRELOAD, so that
// the service itself holds nothing of them.
//
// CHAT_BREAK_POINTS names a folder. An empty file there that is called like a point arms it. The next thread
// that comes to the point renames the file to NAME.reached and stops the whole process (SIGSTOP) before the
// call is made. The test then kills the process there, or lets it go on with SIGCONT. A point strikes once
// each time that it is armed.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <dlfcn.h>
#include <librdkafka/rdkafka.h>

namespace {

void stop_if_armed(const char* point) {
  static const char* const folder = std::getenv("CHAT_BREAK_POINTS");
  if (folder == nullptr) return;
  const std::string armed = std::string(folder) + "/" + point;
  // One thread alone succeeds.
  if (std::rename(armed.c_str(), (armed + ".reached").c_str()) == 0) std::raise(SIGSTOP);
}

/// The function of that name that the service would have called.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

// Point `offset-commit`: the batch is committed in PostgreSQL, its offsets are not committed in Kafka.
rd_kafka_resp_err_t rd_kafka_commit(rd_kafka_t* client, const rd_kafka_topic_partition_list_t* offsets,
                                    int async) {
  static auto* const commit = next<decltype(rd_kafka_commit)>("rd_kafka_commit");
  stop_if_armed("offset-commit");
  return commit(client, offsets, async);
}

// Point `produce`: Redis has numbered and published the message, Kafka has not heard of it.
int rd_kafka_produce(rd_kafka_topic_t* topic, std::int32_t partition, int flags, void* payload,
                     std::size_t length, const void* key, std::size_t key_length, void* opaque) {
  static auto* const produce = next<decltype(rd_kafka_produce)>("rd_kafka_produce");
  stop_if_armed("produce");
  return produce(topic, partition, flags, payload, length, key, key_length, opaque);
}

}  // extern "C"
