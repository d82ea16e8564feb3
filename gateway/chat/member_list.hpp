// Members of a room in no order, each of which knows its place, so that one ends without a search. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace chat::gateway {

/// A member is in it once at most, and ends before it goes. `place` is where the member keeps its place, and
/// is used by this list alone.
template <class Member, std::optional<std::size_t> Member::*place>
class MemberList {
 public:
  /// False for one that is there already.
  bool add(Member& member) {
    if (member.*place) return false;
    member.*place = members_.size();
    members_.push_back(&member);
    return true;
  }

  /// False for one that is not there.
  bool remove(Member& member) {
    const auto index = std::exchange(member.*place, std::nullopt);
    if (!index) return false;
    Member* const last = members_.back();
    members_.pop_back();
    if (last == &member) return true;
    members_[*index] = last;
    last->*place = index;
    return true;
  }

  std::size_t size() const { return members_.size(); }
  bool empty() const { return members_.empty(); }

  /// From the back: who ends within its call gives its place to one that was there already.
  template <class Call>
  void for_each(Call&& call) const {
    for (std::size_t i = members_.size(); i > 0; --i) call(*members_[i - 1]);
  }

 private:
  std::vector<Member*> members_;
};

}  // namespace chat::gateway
