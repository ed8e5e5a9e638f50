// One camera (real, software, or a recording) that delivers frames: opened, run and closed on a thread of its own.
//
//   library's threads ->  syncer -> slot (newest only) -> this thread: filters, alignment, copy -> ready (newest only)
//   -> take()
//
// Every wait is bounded. Nobody but this thread ever waits for the library to stop.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "camera_options.hpp"
#include "devices.hpp"
#include "profiles.hpp"

namespace realsense {

struct FilterRequest {
  std::string name;  ///< decimation, disparity, spatial, temporal, depth, hole_filling, threshold
  std::vector<OptionValue> options;
};

struct SensorOption {
  std::string sensor;
  OptionValue option;
};

struct SessionOptions {
  std::string serial;  ///< empty: the first camera found
  std::string file;    ///< a recording instead of a camera
  bool real_time = false;
  bool every_frame = false;  ///< waits for the consumer instead of dropping; recordings only
  std::vector<StreamRequest> streams;
  std::vector<FilterRequest> filters;
  std::vector<SensorOption> options;
  bool pair_latest = false;  ///< each frame of the first stream with the newest of the others, instead of the syncer
  int align_to = 0;          ///< abi::Stream; 0: not aligned
  std::string preset_json;
  std::string record_file;
  bool depth_in_metres = false;
  bool lease = false;
  int keep = 4;  ///< taken frames that stay untouched
};

/// Pixel memory of a ring slot; 64-byte aligned; shared with the JavaScript buffer that shows it.
struct PixelBuffer {
  explicit PixelBuffer(std::size_t bytes);
  ~PixelBuffer();
  PixelBuffer(const PixelBuffer&) = delete;
  std::uint8_t* data;
  std::size_t capacity;
};

struct Image {
  int type = 0, index = 0, format = 0, width = 0, height = 0, stride = 0, domain = 0, fps = 0;
  bool metres = false;
  std::uint64_t number = 0;
  double timestamp_ms = 0;
  std::int64_t arrival_ns = 0;
  float depth_units_m = 0;
  abi::Intrinsics intrinsics{};
  std::vector<std::pair<int, long long>> metadata;
  std::size_t bytes = 0;
  std::shared_ptr<PixelBuffer> buffer;  ///< copies
  const void* leased = nullptr;         ///< leases: the library's memory
};

struct Delivery {
  std::uint64_t sequence = 0;
  std::vector<Image> images;
  std::optional<abi::Extrinsics> depth_to_color;
  std::vector<abi::Frame*> held;  ///< leases: released by release_lease or with the session
  int lease = 0;
};

enum class SessionState { kStarting, kStreaming, kEnded, kFailed, kStopped };

struct Counts {
  std::uint64_t received = 0;    ///< complete framesets (or frames of a single stream) from the library
  std::uint64_t incomplete = 0;  ///< framesets that lacked a requested stream
  std::uint64_t superseded = 0;  ///< replaced by a newer one before processing
  std::uint64_t untaken = 0;     ///< replaced by a newer one before somebody took it
  std::uint64_t refused = 0;     ///< times that somebody asked for a frame while all leases were out
  std::uint64_t taken = 0;
};

struct SessionStatus {
  SessionState state = SessionState::kStarting;
  std::string code, message;  ///< of a failure
  std::int64_t last_arrival_ns = 0;
  Counts counts;
  int leases = 0;
  DeviceInfo device;
  bool finished = false;  ///< the thread has ended and the library has let go
  bool clean = true;      ///< false: the library refused to stop a sensor
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  static constexpr int kMaxLeases = 4;

  /// `notify` is called from any thread when there is a frame or a new state; it must not block.
  static std::shared_ptr<Session> start(SessionOptions options, std::function<void()> notify);
  ~Session();

  /// The newest frame, or nothing. @throws Failure LEASES_EXHAUSTED
  std::optional<Delivery> take();
  void release_lease(int lease);
  SessionStatus status();

  /// Begins the end; returns at once. The thread reports kStopped when the library has let go.
  void request_stop();
  /// True when the thread has ended within the time.
  bool wait_stopped(int timeout_ms);

  /// These talk to the camera over USB: not for the JavaScript thread.
  std::vector<OptionInfo> options();
  void set_option(const std::string& sensor, const OptionValue& option);
  std::string preset_json();

 private:
  struct Slot {
    Delivery delivery;
    bool ready = false;
    std::uint64_t taken_order = 0;  ///< 0: never taken, or free again
  };

  Session(SessionOptions options, std::function<void()> notify);
  void run();
  void open();
  void open_device();
  void load_preset();
  void open_record_file();
  void make_filters();
  void make_syncer();
  void start_sensors(ChosenProfiles& chosen);
  void close();
  void stream();
  void on_frame(abi::Frame* frame);                   // threads of the library
  void on_frameset(abi::Frame* frame);                // threads of the library
  void pair(abi::Frame* frame, abi::Source* source);  // threads of the library
  bool complete(abi::Frame* frameset);
  void process(abi::Frame* frame);
  abi::Frame* through(abi::Block* block, abi::Frame* frame);
  Delivery describe(abi::Frame* frame);
  void set_arrivals(Delivery& delivery);
  void copy_into(Slot& slot, Delivery delivery);
  void publish(abi::Frame* frame);
  void publish_lease(Delivery delivery);
  void publish_copy(Delivery delivery);
  bool playback_ended();
  void set_state(SessionState state, std::string code = "", std::string message = "");
  std::shared_ptr<abi::Sensor> sensor_called(const std::string& name);

  const SessionOptions options_;
  const std::function<void()> notify_;

  // The session's thread; others only under device_mutex_.
  std::timed_mutex device_mutex_;
  abi::Context* file_context_ = nullptr;
  DevicePointer device_, record_device_;
  std::vector<std::shared_ptr<abi::Sensor>> sensors_, started_;
  abi::Block* syncer_ = nullptr;  ///< makes framesets: the library's, or ours where pair_latest
  std::vector<abi::Block*> blocks_;
  abi::FrameQueue* block_queue_ = nullptr;
  std::size_t wanted_streams_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, finished_ = false;
  abi::Frame* newest_ = nullptr;
  std::map<std::pair<int, int>, abi::Frame*> newest_by_stream_;  ///< where pair_latest, all but the first stream
  std::vector<Slot> ring_;
  std::uint64_t taken_ = 0, sequence_ = 0;
  std::optional<Delivery> ready_lease_;
  std::map<int, Delivery> leases_;
  int next_lease_ = 1;
  SessionStatus status_;
  /// Arrival of the newest frames by (stream, index, number), to find it again behind the syncer.
  struct Arrival {
    int type = 0, index = 0;
    std::uint64_t number = 0;
    std::int64_t at_ns = 0;
  };
  std::array<Arrival, 64> arrivals_{};
  std::size_t next_arrival_ = 0;
};

}  // namespace realsense
