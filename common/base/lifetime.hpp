// Keeps callbacks from running after their object is gone.
#pragma once

#include <memory>
#include <utility>

namespace chat {

/// A member of the object that callbacks point to. A guarded callback does nothing once the member is
/// destroyed; a cancelled timer alone is not enough, since its handler may already be queued. One thread.
class Lifetime {
 public:
  template <class Callback>
  auto guard(Callback callback) const {
    return [alive = std::weak_ptr<const void>(token_),
            callback = std::move(callback)](auto&&... arguments) mutable {
      if (!alive.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  std::shared_ptr<const void> token_ = std::make_shared<const char>();
};

}  // namespace chat
