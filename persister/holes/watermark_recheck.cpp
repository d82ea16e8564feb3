#include "persister/holes/watermark_recheck.hpp"

#include <utility>

#include "common/log/log.hpp"

namespace chat::persister {

std::vector<std::int32_t> WatermarkRecheck::begin_where_due(const std::set<std::int32_t>& partitions) {
  if (scan_ || partitions.empty() || clock_.now() < next_question_) return {};
  next_question_ = clock_.now() + period_;
  const auto positions = store_.positions();
  if (!positions) return {};
  Scan scan;
  std::vector<std::int32_t> lost;
  for (const auto& [partition, position] : *positions) {
    if (!position.rooms_unchecked || !partitions.contains(partition)) continue;
    scan.partitions[partition] = position;
    lost.push_back(partition);
  }
  if (!lost.empty()) scan_ = std::move(scan);
  return lost;
}

std::optional<postgres::Failure> WatermarkRecheck::work(const WorkLimit& limit) {
  while (scan_ && !limit.is_over()) {
    if (!take_step(*scan_)) {
      // Redis may be another server by now.
      scan_.reset();
      return std::nullopt;
    }
    if (scan_->next != "0") continue;
    const Scan scan = *std::exchange(scan_, std::nullopt);
    return finish(scan);
  }
  return std::nullopt;
}

bool WatermarkRecheck::take_step(Scan& scan) {
  if (!redis_.ready()) return false;
  const auto found = redis_.with_watermark(scan.next);
  if (!found) return false;
  std::vector<std::string> rooms;
  for (const std::string& room : found->rooms) {
    const auto partition = sources_.partition(room);
    if (!partition) return false;
    if (scan.partitions.contains(*partition)) rooms.push_back(room);
  }
  if (!rooms.empty() && !redis_.forget_watermarks(rooms)) return false;
  scan.rooms += rooms.size();
  scan.next = found->next;
  return true;
}

std::optional<postgres::Failure> WatermarkRecheck::finish(const Scan& scan) {
  std::optional<postgres::Failure> failure;
  for (const auto& [partition, position] : scan.partitions)
    if (auto failed = store_.note_rooms_checked(partition, position)) failure = std::move(failed);
  log::warning("rooms are compared with PostgreSQL from their beginning, since it lost rows",
               {{"partitions", scan.partitions.size()}, {"rooms", scan.rooms}});
  return failure;
}

}  // namespace chat::persister
