// Keeps asynchronous handlers from running after their object is gone.
#pragma once

#include <memory>
#include <utility>

namespace chat::redis {

/// A member of the object that handlers point to. A guarded handler does nothing once the member is
/// destroyed; a cancelled timer alone is not enough, since its handler may already be queued. One thread.
class Lifetime {
 public:
  template <class Handler>
  auto guard(Handler handler) const {
    return [alive = std::weak_ptr<const void>(token_),
            handler = std::move(handler)](auto&&... arguments) mutable {
      if (!alive.expired()) handler(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  std::shared_ptr<const void> token_ = std::make_shared<const char>();
};

}  // namespace chat::redis
