// A session's life: its thread, state, end, and what others ask of an open camera.
#include "session.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace realsense {
namespace {

using std::chrono::milliseconds;

std::unique_lock<std::timed_mutex> locked(std::timed_mutex& mutex) {
  std::unique_lock lock(mutex, milliseconds(2000));
  if (!lock.owns_lock()) throw Failure("CAMERA_BUSY", "The camera is starting or stopping. Try again.");
  return lock;
}

}  // namespace

Session::Session(SessionOptions options, std::function<void()> notify)
    : options_(std::move(options)), notify_(std::move(notify)), ring_(static_cast<std::size_t>(options_.keep) + 2) {}

Session::~Session() {
  for (auto& [id, delivery] : leases_) {
    for (abi::Frame* frame : delivery.held) library().release_frame(frame);
  }
}

std::shared_ptr<Session> Session::start(SessionOptions options, std::function<void()> notify) {
  library();
  std::shared_ptr<Session> session(new Session(std::move(options), std::move(notify)));
  // The thread owns the session until the library has let go, however long that takes.
  std::thread([session] { session->run(); }).detach();
  return session;
}

void Session::run() {
  try {
    {
      std::lock_guard device(device_mutex_);
      open();
    }
    set_state(SessionState::kStreaming);
    stream();
  } catch (const Failure& failure) {
    set_state(SessionState::kFailed, failure.code, failure.what());
  } catch (const std::exception& error) {
    set_state(SessionState::kFailed, "LIBRARY_ERROR", error.what());
  }
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;  // callbacks that wait for room give up
  }
  changed_.notify_all();
  {
    std::lock_guard device(device_mutex_);
    close();
  }
  {
    std::lock_guard lock(mutex_);
    if (status_.state != SessionState::kFailed && status_.state != SessionState::kEnded) {
      status_.state = SessionState::kStopped;
    }
    finished_ = true;
  }
  changed_.notify_all();
  notify_();
}

SessionStatus Session::status() {
  std::lock_guard lock(mutex_);
  SessionStatus status = status_;
  status.finished = finished_;
  status.leases = static_cast<int>(leases_.size());
  return status;
}

void Session::set_state(SessionState state, std::string code, std::string message) {
  {
    std::lock_guard lock(mutex_);
    status_.state = state;
    status_.code = std::move(code);
    status_.message = std::move(message);
  }
  notify_();
}

void Session::request_stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool Session::wait_stopped(int timeout_ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, milliseconds(timeout_ms), [&] { return finished_; });
}

std::shared_ptr<abi::Sensor> Session::sensor_called(const std::string& name) {
  std::string known;
  for (const auto& sensor : sensors_) {
    const std::string found = snake_case(sensor_name(sensor.get()));
    if (found == name) return sensor;
    known += (known.empty() ? "" : ", ") + found;
  }
  throw Failure("OPTION_UNKNOWN", "The camera has no sensor " + name + ". It has: " + known);
}

std::vector<OptionInfo> Session::options() {
  const auto lock = locked(device_mutex_);
  std::vector<OptionInfo> infos;
  for (const auto& sensor : sensors_) {
    const std::vector<OptionInfo> more = list_options(as_options(sensor.get()), snake_case(sensor_name(sensor.get())));
    infos.insert(infos.end(), more.begin(), more.end());
  }
  return infos;
}

void Session::set_option(const std::string& sensor, const OptionValue& option) {
  const auto lock = locked(device_mutex_);
  apply_option(as_options(sensor_called(sensor).get()), sensor, option);
}

std::string Session::preset_json() {
  const auto lock = locked(device_mutex_);
  const auto serialize = REALSENSE_FEATURE(serialize_json);
  if (!device_) throw Failure("CAMERA_ABSENT", "The camera is not open.");
  const abi::RawData* raw = call(serialize, device_.get());
  const int size = attempt(REALSENSE_FEATURE(get_raw_data_size), raw);
  const unsigned char* bytes = attempt(REALSENSE_FEATURE(get_raw_data), raw);
  std::string json(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  REALSENSE_FEATURE(delete_raw_data)(raw);
  return json;
}

}  // namespace realsense
