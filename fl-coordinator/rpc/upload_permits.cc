#include "fedge/coordinator_rpc/upload_permits.h"

#include <algorithm>
#include <utility>

namespace fedge {

void UploadPermits::Ask(const ClientId& client, TimePoint now, Answer answer) {
  if (const auto held = permits_.find(client); held != permits_.end()) {
    if (held->second.stream == kNoStream) held->second.until = now + options_.claim;
    return answer(Turn::kNow);
  }
  const auto known = place_of_.find(client);
  const std::uint64_t number = known != place_of_.end() ? known->second : ++last_place_;
  place_of_[client] = number;
  Place& place = waiting_[number];
  const Answer replaced = std::exchange(place.answer, std::move(answer));
  place.client = client;
  place.until = now + options_.hold;
  if (replaced) replaced(Turn::kNoMore);
  GrantFreed(now);
}

bool UploadPermits::Take(const ClientId& client, std::uint64_t stream) {
  const auto held = permits_.find(client);
  if (held != permits_.end()) {
    held->second = {.stream = stream};
    return true;
  }
  if (permits_.size() >= options_.max_uploads || !waiting_.empty()) return false;
  permits_[client] = {.stream = stream};
  return true;
}

void UploadPermits::Release(std::uint64_t stream, TimePoint now) {
  const auto released = std::erase_if(
      permits_, [stream](const auto& entry) { return entry.second.stream == stream; });
  if (released > 0) GrantFreed(now);
}

void UploadPermits::Forget(const ClientId& client, TimePoint now) {
  RemovePlace(client);
  const auto held = permits_.find(client);
  if (held == permits_.end() || held->second.stream != kNoStream) return;
  permits_.erase(held);
  GrantFreed(now);
}

void UploadPermits::RemovePlace(const ClientId& client) {
  const auto known = place_of_.find(client);
  if (known == place_of_.end()) return;
  const auto place = waiting_.find(known->second);
  const Answer answer = std::move(place->second.answer);
  waiting_.erase(place);
  place_of_.erase(known);
  if (answer) answer(Turn::kNoMore);
}

void UploadPermits::GrantFreed(TimePoint now) {
  // Who was told to ask again is on the way back, and does not hold up those behind: its place
  // counts from when it asks.
  for (auto next = waiting_.begin();
       next != waiting_.end() && permits_.size() < options_.max_uploads;) {
    if (!next->second.answer) {
      ++next;
      continue;
    }
    const Place place = std::move(next->second);
    next = waiting_.erase(next);
    place_of_.erase(place.client);
    permits_[place.client] = {.stream = kNoStream, .until = now + options_.claim};
    place.answer(Turn::kNow);
  }
}

void UploadPermits::Tick(TimePoint now) {
  std::erase_if(permits_, [now](const auto& entry) {
    return entry.second.stream == kNoStream && entry.second.until <= now;
  });
  GrantFreed(now);
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    Place& place = next->second;
    if (place.until > now) {
      ++next;
    } else if (const Answer answer = std::exchange(place.answer, nullptr)) {
      place.until = now + options_.claim;
      ++next;
      answer(Turn::kLater);
    } else {
      place_of_.erase(place.client);
      next = waiting_.erase(next);
    }
  }
}

std::optional<TimePoint> UploadPermits::NextDeadline() const {
  std::optional<TimePoint> next;
  const auto consider = [&next](TimePoint time) { next = next ? std::min(*next, time) : time; };
  for (const auto& [client, permit] : permits_) {
    if (permit.stream == kNoStream) consider(permit.until);
  }
  for (const auto& [number, place] : waiting_) consider(place.until);
  return next;
}

void UploadPermits::Drain() {
  const auto waiting = std::exchange(waiting_, {});
  place_of_.clear();
  for (const auto& [number, place] : waiting) {
    if (place.answer) place.answer(Turn::kNoMore);
  }
}

}  // namespace fedge
