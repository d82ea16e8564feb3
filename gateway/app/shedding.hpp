// POST /admin/shed: moves a share of the clients to other gateways, for instance to one that was added.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "common/admin/admin_server.hpp"
#include "gateway/worker/worker.hpp"

namespace chat::gateway {

/// On the admin server's thread. The gateway stays ready and takes new clients meanwhile.
class Shedding {
 public:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  /// `workers` outlives it and does not change any more. `default_span` is used where the query has none.
  Shedding(const Workers& workers, std::chrono::milliseconds default_span)
      : workers_(workers), default_span_(default_span) {}

  /// 200 with {"shed":n}, where n clients were told to leave; 400 for a wrong query; 409 while the clients of
  /// an earlier request are still leaving.
  admin::Answer answer(std::string_view query);

 private:
  bool is_under_way() const;
  std::size_t shed(const std::vector<std::size_t>& shares, std::chrono::milliseconds span);

  const Workers& workers_;
  const std::chrono::milliseconds default_span_;
  std::chrono::steady_clock::time_point ends_{};
};

}  // namespace chat::gateway
