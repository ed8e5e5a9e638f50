// From the library's callbacks to the session's thread: pairing, the newest frameset, filters.
#include <chrono>
#include <utility>

#include "session.hpp"

namespace realsense {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{20};
constexpr unsigned kBlockTimeoutMs = 2000;
/// A recording has ended when the library says so and nothing has come for this long.
constexpr std::int64_t kEndQuietNs = 300'000'000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void Session::on_frame(abi::Frame* frame) {
  const std::int64_t at_ns = now_ns();
  try {
    const ProfileInfo info =
        profile_info(call(library().get_frame_stream_profile, static_cast<const abi::Frame*>(frame)));
    const std::uint64_t number = call(library().get_frame_number, static_cast<const abi::Frame*>(frame));
    std::lock_guard lock(mutex_);
    arrivals_[next_arrival_++ % arrivals_.size()] = {info.type, info.index, number, at_ns};
    status_.last_arrival_ns = at_ns;
  } catch (const Failure&) {
    library().release_frame(frame);
    return;
  }
  if (syncer_) {
    attempt(library().process_frame, syncer_, frame);  // consumes the frame, also when it fails
  } else {
    on_frameset(frame);
  }
}

/// Owns `frame`; makes a frameset of it and the newest of the other streams once there is one of each.
void Session::pair(abi::Frame* frame, abi::Source* source) {
  const abi::Functions& rs = library();
  std::vector<abi::Frame*> frames;
  try {
    const auto stream = [&](const abi::Frame* f) {
      const ProfileInfo info = profile_info(call(rs.get_frame_stream_profile, f));
      return std::pair{info.type, info.index};
    };
    const std::pair<int, int> key = stream(frame);
    const StreamRequest& first = options_.streams.front();
    std::lock_guard lock(mutex_);
    if (key.first != first.type || (first.index >= 0 && key.second != first.index)) {
      frame = std::exchange(newest_by_stream_[key], frame);
      if (frame) rs.release_frame(frame);
      return;
    }
    frames.push_back(std::exchange(frame, nullptr));
    for (const auto& [other, newest] : newest_by_stream_) {
      call(rs.frame_add_ref, newest);
      frames.push_back(newest);
    }
    if (frames.size() < wanted_streams_) ++status_.counts.incomplete;
  } catch (const Failure&) {
    if (frame) frames.push_back(frame);
  }
  if (frames.size() < wanted_streams_) {
    for (abi::Frame* f : frames) rs.release_frame(f);
    return;
  }
  abi::Error* error = nullptr;
  abi::Frame* frameset =
      rs.allocate_composite_frame(source, frames.data(), static_cast<int>(frames.size()), &error);  // takes them over
  if (error) {
    rs.free_error(error);
  } else {
    attempt(rs.synthetic_frame_ready, source, frameset);
  }
}

bool Session::complete(abi::Frame* frameset) {
  if (!syncer_) return true;
  return static_cast<std::size_t>(attempt(library().embedded_frames_count, frameset)) >= wanted_streams_;
}

void Session::on_frameset(abi::Frame* frame) {
  const bool is_complete = complete(frame);
  abi::Frame* dropped = nullptr;
  {
    std::unique_lock lock(mutex_);
    if (!is_complete) {
      ++status_.counts.incomplete;
      dropped = frame;
    } else {
      ++status_.counts.received;
      if (options_.every_frame) changed_.wait(lock, [&] { return stopping_ || !newest_; });
      if (stopping_) {
        dropped = frame;
      } else {
        if (newest_) ++status_.counts.superseded;
        dropped = std::exchange(newest_, frame);
      }
    }
  }
  changed_.notify_all();
  if (dropped) library().release_frame(dropped);
}

void Session::stream() {
  for (;;) {
    abi::Frame* frame = nullptr;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kPoll, [&] { return stopping_ || newest_; });
      if (stopping_) return;
      frame = std::exchange(newest_, nullptr);
    }
    if (frame) {
      changed_.notify_all();  // room for the next
      process(frame);
    } else if (!options_.file.empty() && playback_ended()) {
      set_state(SessionState::kEnded);
      return;
    }
  }
}

bool Session::playback_ended() {
  const auto status = REALSENSE_FEATURE(playback_device_get_current_status);
  // "Stopped" is also what the library says before the first frame.
  if (call(status, static_cast<const abi::Device*>(device_.get())) != abi::kPlaybackStopped) return false;
  std::lock_guard lock(mutex_);
  return status_.last_arrival_ns != 0 && now_ns() - status_.last_arrival_ns > kEndQuietNs;
}

abi::Frame* Session::through(abi::Block* block, abi::Frame* frame) {
  call(library().process_frame, block, frame);
  abi::Frame* result = nullptr;
  if (!call(library().try_wait_for_frame, block_queue_, kBlockTimeoutMs, &result)) {
    throw Failure("LIBRARY_ERROR", "A filter gave no frame within " + std::to_string(kBlockTimeoutMs) + " ms.");
  }
  return result;
}

void Session::process(abi::Frame* frame) {
  for (abi::Block* block : blocks_) frame = through(block, frame);
  try {
    publish(frame);
  } catch (...) {
    library().release_frame(frame);
    throw;
  }
  library().release_frame(frame);
}

}  // namespace realsense
