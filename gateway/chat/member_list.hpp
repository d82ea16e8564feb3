// An unordered list of a room's members. Each member knows its index, so it is removed without a search.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace chat::gateway {

/// A member is in the list once at most, and is removed before it is destroyed. `index` is the member's field
/// for its index; only this list uses it.
template <class Member, std::optional<std::size_t> Member::*index>
class MemberList {
 public:
  /// False if the member is in the list already.
  bool add(Member& member) {
    if (member.*index) return false;
    member.*index = members_.size();
    members_.push_back(&member);
    return true;
  }

  /// False if the member is not in the list.
  bool remove(Member& member) {
    const auto found = std::exchange(member.*index, std::nullopt);
    if (!found) return false;
    Member* const last = members_.back();
    members_.pop_back();
    if (last == &member) return true;
    members_[*found] = last;
    last->*index = found;
    return true;
  }

  std::size_t size() const { return members_.size(); }
  bool empty() const { return members_.empty(); }

  /// From the back: a member that is removed within its call is replaced by one that was called already.
  template <class Call>
  void for_each(Call&& call) const {
    for (std::size_t i = members_.size(); i > 0; --i) call(*members_[i - 1]);
  }

 private:
  std::vector<Member*> members_;
};

}  // namespace chat::gateway
