#include "session.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "software.hpp"

namespace realsense {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{20};
constexpr unsigned kBlockTimeoutMs = 2000;
/// A recording has ended when the library says so and nothing has come for this long.
constexpr std::int64_t kEndQuietNs = 300'000'000;
constexpr int kMaxMetadata = 64;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const abi::Options* as_options(const void* object) { return static_cast<const abi::Options*>(object); }

const char* stream_word(int type) {
  switch (type) {
    case abi::kStreamDepth:
      return "depth";
    case abi::kStreamColor:
      return "color";
    case abi::kStreamInfrared:
      return "infrared";
    default:
      return "other";
  }
}

/// A pixel format as the option `format` names it (src/names.ts).
std::string format_word(int format) {
  static const std::map<int, const char*> words = {{1, "z16"},   {4, "yuyv"},  {5, "rgb8"}, {6, "bgr8"},
                                                   {7, "rgba8"}, {8, "bgra8"}, {9, "y8"},   {10, "y16"}};
  const auto found = words.find(format);
  return found == words.end() ? "format " + std::to_string(format) : found->second;
}

/// What was asked for, and nothing else: "color rgb8", "depth 640x480 z16 at 30 fps", "depth of height 480".
std::string text_of(const StreamRequest& request) {
  std::string text = stream_word(request.type);
  if (request.index > 0) text += " " + std::to_string(request.index);
  if (request.width && request.height) {
    text += " " + std::to_string(request.width) + "x" + std::to_string(request.height);
  } else if (request.width) {
    text += " of width " + std::to_string(request.width);
  } else if (request.height) {
    text += " of height " + std::to_string(request.height);
  }
  if (request.format) text += " " + format_word(request.format);
  if (request.fps) text += " at " + std::to_string(request.fps) + " fps";
  return text;
}

/// Every option by its name; -1 when there is none of that name.
int option_called(const abi::Options* options, const std::string& name, std::string& known) {
  const auto list = own(call(library().get_options_list, options), library().delete_options_list);
  const int count = call(library().get_options_list_size, static_cast<const abi::OptionsList*>(list.get()));
  for (int i = 0; i < count; ++i) {
    const int id = call(library().get_option_from_list, static_cast<const abi::OptionsList*>(list.get()), i);
    const std::string found = snake_case(library().option_to_string(id));
    if (found == name) return id;
    known += (known.empty() ? "" : ", ") + found;
  }
  return -1;
}

void apply_option(const abi::Options* options, const std::string& owner, const OptionValue& option) {
  std::string known;
  const int id = option_called(options, option.name, known);
  if (id < 0) {
    throw Failure("OPTION_UNKNOWN", owner + " has no option " + option.name + ". It has: " + known);
  }
  float min = 0, max = 0, step = 0, fallback = 0;
  call(library().get_option_range, options, id, &min, &max, &step, &fallback);
  if (!(option.value >= min && option.value <= max)) {
    throw Failure("OPTION_RANGE", "Expected " + option.name + " of " + owner + " from " + std::to_string(min) + " to " +
                                      std::to_string(max) + " but received " + std::to_string(option.value));
  }
  call(library().set_option, options, id, option.value);
}

abi::Block* make_filter(const std::string& name) {
  if (name == "decimation") return call(REALSENSE_FEATURE(create_decimation_filter_block));
  if (name == "disparity")
    return call(REALSENSE_FEATURE(create_disparity_transform_block), static_cast<unsigned char>(1));
  if (name == "depth") return call(REALSENSE_FEATURE(create_disparity_transform_block), static_cast<unsigned char>(0));
  if (name == "spatial") return call(REALSENSE_FEATURE(create_spatial_filter_block));
  if (name == "temporal") return call(REALSENSE_FEATURE(create_temporal_filter_block));
  if (name == "hole_filling") return call(REALSENSE_FEATURE(create_hole_filling_filter_block));
  if (name == "threshold") return call(REALSENSE_FEATURE(create_threshold));
  throw Failure("OPTION_UNKNOWN", "There is no filter " + name);
}

struct Choice {
  std::size_t sensor = 0;
  const abi::StreamProfile* profile = nullptr;
  ProfileInfo info;
};

/// Lower is better: what was asked for is met; of the rest 640x480 at 30 fps is what every camera does over USB 2 too.
int preference(const ProfileInfo& info, bool file) {
  if (file) return 0;
  const int wanted_format = info.type == abi::kStreamDepth   ? abi::kFormatZ16
                            : info.type == abi::kStreamColor ? abi::kFormatRgb8
                                                             : info.format;
  return (info.format == wanted_format ? 0 : 8) + (info.width == 640 && info.height == 480 ? 0 : 4) +
         (info.fps == 30 ? 0 : 2) + (info.is_default ? 0 : 1);
}

bool meets(const ProfileInfo& info, const StreamRequest& request) {
  return info.type == request.type && (request.index < 0 || info.index == request.index) &&
         (!request.width || info.width == request.width) && (!request.height || info.height == request.height) &&
         (!request.fps || info.fps == request.fps) && (!request.format || info.format == request.format);
}

}  // namespace

std::string snake_case(const std::string& words) {
  std::string name;
  for (const char c : words) {
    name += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '_';
  }
  return name;
}

PixelBuffer::PixelBuffer(std::size_t bytes) : capacity((bytes + 63) / 64 * 64) {
  data = static_cast<std::uint8_t*>(std::aligned_alloc(64, capacity));
  if (!data) throw std::bad_alloc();
}
PixelBuffer::~PixelBuffer() { std::free(data); }

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

void Session::open() {
  if (!options_.file.empty()) {
    // A context of its own: a file can be open only once in a context.
    file_context_ = call(library().create_context, abi::kRequestedVersion);
    const auto add = REALSENSE_FEATURE(context_add_device);
    try {
      device_ = DevicePointer(call(add, file_context_, options_.file.c_str()), library().delete_device);
    } catch (const Failure& failure) {
      throw Failure("FILE_INVALID", "Could not play " + options_.file + ": " + failure.what() +
                                        ". It must be a .bag or .db3 recording that this librealsense2 can read.");
    }
    call(REALSENSE_FEATURE(playback_device_set_real_time), static_cast<const abi::Device*>(device_.get()),
         options_.real_time ? 1 : 0);
  } else {
    device_ = find_device(options_.serial);
  }
  {
    std::lock_guard lock(mutex_);
    status_.device = {
        device_info(device_.get(), abi::kInfoSerial),
        device_info(device_.get(), abi::kInfoName),
        device_info(device_.get(), abi::kInfoFirmware),
        device_info(device_.get(), abi::kInfoRecommendedFirmware),
        device_info(device_.get(), abi::kInfoPort),
        device_info(device_.get(), abi::kInfoUsbType),
        device_info(device_.get(), abi::kInfoProductLine),
        options_.file.empty() && find_software_device(device_info(device_.get(), abi::kInfoSerial)) != nullptr};
  }
  if (!options_.preset_json.empty()) {
    int enabled = 0;
    attempt(REALSENSE_FEATURE(is_enabled), device_.get(), &enabled);
    if (!enabled) {
      throw Failure("PRESET_UNSUPPORTED", "This camera takes no preset: it is not in advanced mode.");
    }
    call(REALSENSE_FEATURE(load_json), device_.get(), static_cast<const void*>(options_.preset_json.data()),
         static_cast<unsigned>(options_.preset_json.size()));
  }
  if (!options_.record_file.empty()) {
    const auto record = REALSENSE_FEATURE(create_record_device_ex);
    try {
      record_device_ =
          DevicePointer(call(record, static_cast<const abi::Device*>(device_.get()), options_.record_file.c_str(), 1),
                        library().delete_device);
    } catch (const Failure& failure) {
      throw Failure("FILE_INVALID", "Could not record to " + options_.record_file + ": " + failure.what());
    }
  }
  sensors_ = sensors_of(record_device_ ? record_device_.get() : device_.get());
  for (const SensorOption& option : options_.options) {
    apply_option(as_options(sensor_called(option.sensor).get()), option.sensor, option.option);
  }

  // Profiles stay valid as long as their lists.
  std::vector<Owned<abi::StreamProfileList>> lists;
  std::vector<Choice> offered;
  for (std::size_t i = 0; i < sensors_.size(); ++i) {
    lists.push_back(own(call(library().get_stream_profiles, sensors_[i].get()), library().delete_stream_profiles_list));
    const abi::StreamProfileList* list = lists.back().get();
    const int count = call(library().get_stream_profiles_count, list);
    for (int k = 0; k < count; ++k) {
      const abi::StreamProfile* profile = call(library().get_stream_profile, list, k);
      offered.push_back({i, profile, profile_info(profile)});
    }
  }
  std::map<std::size_t, std::vector<const abi::StreamProfile*>> chosen;
  for (const StreamRequest& request : options_.streams) {
    const Choice* best = nullptr;
    std::string others;
    for (const Choice& choice : offered) {
      if (choice.info.type == request.type && (request.index < 0 || choice.info.index == request.index)) {
        const std::string one = std::to_string(choice.info.width) + "x" + std::to_string(choice.info.height) + "@" +
                                std::to_string(choice.info.fps) + " " + format_word(choice.info.format);
        if (others.find(one) == std::string::npos) others += (others.empty() ? "" : ", ") + one;
      }
      if (!meets(choice.info, request)) continue;
      if (!best || preference(choice.info, !options_.file.empty()) < preference(best->info, !options_.file.empty())) {
        best = &choice;
      }
    }
    if (!best) {
      throw Failure("PROFILE_UNAVAILABLE",
                    "There is no stream " + text_of(request) + ". " +
                        (others.empty() ? "The device has no such stream." : "The device offers: " + others));
    }
    chosen[best->sensor].push_back(best->profile);
  }
  wanted_streams_ = options_.streams.size();

  block_queue_ = call(library().create_frame_queue, 1);
  for (const FilterRequest& filter : options_.filters) {
    blocks_.push_back(make_filter(filter.name));
    for (const OptionValue& option : filter.options) {
      apply_option(as_options(blocks_.back()), "Filter " + filter.name, option);
    }
  }
  if (options_.align_to) blocks_.push_back(call(REALSENSE_FEATURE(create_align), options_.align_to));
  for (abi::Block* block : blocks_) call(library().start_processing_queue, block, block_queue_);

  if (wanted_streams_ > 1) {
    syncer_ = options_.pair_latest ? call(
                                         REALSENSE_FEATURE(create_processing_block_fptr),
                                         +[](abi::Frame* frame, abi::Source* source, void* self) {
                                           static_cast<Session*>(self)->pair(frame, source);
                                         },
                                         static_cast<void*>(this))
                                   : call(library().create_sync_processing_block);
    call(
        library().start_processing_fptr, syncer_,
        +[](abi::Frame* frame, void* self) { static_cast<Session*>(self)->on_frameset(frame); },
        static_cast<void*>(this));
  }
  for (auto& [index, profiles] : chosen) {
    call(library().open_multiple, sensors_[index].get(), profiles.data(), static_cast<int>(profiles.size()));
    started_.push_back(sensors_[index]);  // to be closed, also when starting fails
  }
  for (const auto& sensor : started_) {
    call(
        library().start, static_cast<const abi::Sensor*>(sensor.get()),
        +[](abi::Frame* frame, void* self) { static_cast<Session*>(self)->on_frame(frame); }, static_cast<void*>(this));
  }
}

void Session::close() {
  bool clean = true;
  for (const auto& sensor : started_) {
    abi::Error* error = nullptr;
    library().stop(sensor.get(), &error);
    if (error) {
      clean = false;
      library().free_error(error);
    }
    attempt(library().close, static_cast<const abi::Sensor*>(sensor.get()));
  }
  started_.clear();
  if (syncer_) library().delete_processing_block(syncer_);
  syncer_ = nullptr;
  for (abi::Block* block : blocks_) library().delete_processing_block(block);
  blocks_.clear();
  if (block_queue_) library().delete_frame_queue(block_queue_);
  block_queue_ = nullptr;
  {
    std::lock_guard lock(mutex_);
    if (newest_) library().release_frame(newest_);
    newest_ = nullptr;
    for (const auto& [stream, frame] : newest_by_stream_) {
      if (frame) library().release_frame(frame);
    }
    newest_by_stream_.clear();
    if (ready_lease_) {
      for (abi::Frame* frame : ready_lease_->held) library().release_frame(frame);
      ready_lease_.reset();
    }
    status_.clean = clean;
  }
  sensors_.clear();
  record_device_.reset();  // writes the end of the file
  device_.reset();
  if (file_context_) {
    attempt(library().context_remove_device, file_context_, options_.file.c_str());
    library().delete_context(file_context_);
    file_context_ = nullptr;
  }
}

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

/// Everything about a frame or frameset but its pixels; `held` has one reference for each image.
Delivery Session::describe(abi::Frame* frame) {
  const abi::Functions& rs = library();
  Delivery delivery;
  try {
    if (call(rs.is_frame_extendable_to, static_cast<const abi::Frame*>(frame),
             static_cast<int>(abi::kExtensionCompositeFrame))) {
      const int count = call(rs.embedded_frames_count, frame);
      for (int i = 0; i < count; ++i) delivery.held.push_back(call(rs.extract_frame, frame, i));
    } else {
      abi::Error* error = nullptr;
      // A single frame: one more reference, so that both cases are released alike.
      delivery.held.push_back(frame);
      rs.frame_add_ref(frame, &error);
      raise(error, "LIBRARY_ERROR");
    }
    const abi::StreamProfile *depth = nullptr, *color = nullptr;
    for (const abi::Frame* held : delivery.held) {
      Image image;
      const abi::StreamProfile* profile = call(rs.get_frame_stream_profile, held);
      const ProfileInfo info = profile_info(profile);
      image.type = info.type;
      image.index = info.index;
      image.format = info.format;
      image.fps = info.fps;
      if (info.type == abi::kStreamDepth) depth = profile;
      if (info.type == abi::kStreamColor) color = profile;
      image.width = call(rs.get_frame_width, held);
      image.height = call(rs.get_frame_height, held);
      image.stride = call(rs.get_frame_stride_in_bytes, held);
      image.bytes = static_cast<std::size_t>(image.stride) * image.height;
      image.number = call(rs.get_frame_number, held);
      image.timestamp_ms = call(rs.get_frame_timestamp, held);
      image.domain = call(rs.get_frame_timestamp_domain, held);
      attempt(rs.get_video_stream_intrinsics, profile, &image.intrinsics);
      if (info.type == abi::kStreamDepth &&
          attempt(rs.is_frame_extendable_to, held, static_cast<int>(abi::kExtensionDepthFrame))) {
        image.depth_units_m = attempt(rs.depth_frame_get_units, held);
      }
      for (int key = 0; key < kMaxMetadata; ++key) {
        if (attempt(rs.supports_frame_metadata, held, key)) {
          image.metadata.emplace_back(key, attempt(rs.get_frame_metadata, held, key));
        }
      }
      image.leased = call(rs.get_frame_data, held);
      delivery.images.push_back(std::move(image));
    }
    if (depth && color) {
      abi::Extrinsics extrinsics{};
      call(rs.get_extrinsics, depth, color, &extrinsics);
      delivery.depth_to_color = extrinsics;
    }
  } catch (...) {
    for (abi::Frame* held : delivery.held) rs.release_frame(held);
    throw;
  }
  std::lock_guard lock(mutex_);
  for (Image& image : delivery.images) {
    for (const Arrival& arrival : arrivals_) {
      if (arrival.type == image.type && arrival.index == image.index && arrival.number == image.number) {
        image.arrival_ns = std::max(image.arrival_ns, arrival.at_ns);
      }
    }
    if (image.arrival_ns == 0) image.arrival_ns = status_.last_arrival_ns;
  }
  return delivery;
}

/// Copies the pixels into the slot's buffers, making them larger where needed. The slot is ours alone meanwhile.
void Session::copy_into(Slot& slot, Delivery delivery) {
  std::vector<Image>& old = slot.delivery.images;
  for (std::size_t i = 0; i < delivery.images.size(); ++i) {
    Image& image = delivery.images[i];
    const std::size_t pixels = static_cast<std::size_t>(image.width) * image.height;
    image.metres = options_.depth_in_metres && image.type == abi::kStreamDepth && image.format == abi::kFormatZ16;
    const std::size_t bytes = image.metres ? pixels * sizeof(float) : image.bytes;
    if (i < old.size() && old[i].buffer && old[i].buffer->capacity >= bytes) {
      image.buffer = old[i].buffer;
    } else {
      image.buffer = std::make_shared<PixelBuffer>(bytes);
    }
    if (image.metres) {
      auto* metres = reinterpret_cast<float*>(image.buffer->data);
      for (int y = 0; y < image.height; ++y) {
        const auto* row = reinterpret_cast<const std::uint16_t*>(static_cast<const std::uint8_t*>(image.leased) +
                                                                 static_cast<std::size_t>(y) * image.stride);
        for (int x = 0; x < image.width; ++x) *metres++ = static_cast<float>(row[x]) * image.depth_units_m;
      }
      image.stride = image.width * static_cast<int>(sizeof(float));
    } else {
      std::memcpy(image.buffer->data, image.leased, bytes);
    }
    image.bytes = bytes;
    image.leased = nullptr;
  }
  delivery.held.clear();
  slot.delivery = std::move(delivery);
}

void Session::publish(abi::Frame* frame) {
  Delivery delivery = describe(frame);
  if (options_.lease) {
    std::vector<abi::Frame*> dropped;
    {
      std::unique_lock lock(mutex_);
      delivery.sequence = ++sequence_;
      if (options_.every_frame) changed_.wait(lock, [&] { return stopping_ || !ready_lease_; });
      if (ready_lease_) {
        ++status_.counts.untaken;
        dropped = std::move(ready_lease_->held);
      }
      ready_lease_ = std::move(delivery);
    }
    for (abi::Frame* old : dropped) library().release_frame(old);
  } else {
    const std::vector<abi::Frame*> held = delivery.held;
    Slot* slot = nullptr;
    {
      std::unique_lock lock(mutex_);
      delivery.sequence = ++sequence_;
      const auto is_ready = [](const Slot& s) { return s.ready; };
      if (options_.every_frame) {
        changed_.wait(lock, [&] { return stopping_ || std::none_of(ring_.begin(), ring_.end(), is_ready); });
      }
      // Neither the one that waits to be taken nor one of the `keep` that were taken last: keep + 2 slots always leave
      // one.
      for (Slot& s : ring_) {
        const bool kept = s.taken_order != 0 && s.taken_order + static_cast<std::uint64_t>(options_.keep) > taken_;
        if (!s.ready && !kept) slot = &s;
      }
      slot->taken_order = 0;
    }
    copy_into(*slot, std::move(delivery));
    for (abi::Frame* image : held) library().release_frame(image);
    std::lock_guard lock(mutex_);
    for (Slot& s : ring_) {
      if (s.ready) {
        s.ready = false;
        ++status_.counts.untaken;
      }
    }
    slot->ready = true;
  }
  notify_();
}

std::optional<Delivery> Session::take() {
  std::optional<Delivery> taken;
  {
    std::lock_guard lock(mutex_);
    if (options_.lease) {
      if (!ready_lease_) return std::nullopt;
      if (static_cast<int>(leases_.size()) >= kMaxLeases) {
        ++status_.counts.refused;
        throw Failure("LEASES_EXHAUSTED",
                      std::to_string(kMaxLeases) +
                          " leased frames are out and none was released. Call release() on each frame "
                          "when done with it, or use delivery: 'copy'.");
      }
      taken = std::move(*ready_lease_);
      ready_lease_.reset();
      taken->lease = next_lease_++;
      leases_.emplace(taken->lease, *taken);
      ++status_.counts.taken;
    } else {
      for (Slot& s : ring_) {
        if (!s.ready) continue;
        s.ready = false;
        s.taken_order = ++taken_;
        taken = s.delivery;
        ++status_.counts.taken;
      }
    }
  }
  changed_.notify_all();
  return taken;
}

void Session::release_lease(int lease) {
  Delivery delivery;
  {
    std::lock_guard lock(mutex_);
    const auto found = leases_.find(lease);
    if (found == leases_.end()) return;
    delivery = std::move(found->second);
    leases_.erase(found);
  }
  for (abi::Frame* frame : delivery.held) library().release_frame(frame);
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

namespace {
std::unique_lock<std::timed_mutex> locked(std::timed_mutex& mutex) {
  std::unique_lock lock(mutex, milliseconds(2000));
  if (!lock.owns_lock()) throw Failure("CAMERA_BUSY", "The camera is starting or stopping. Try again.");
  return lock;
}
}  // namespace

std::vector<OptionInfo> Session::options() {
  const auto lock = locked(device_mutex_);
  std::vector<OptionInfo> infos;
  for (const auto& sensor : sensors_) {
    const abi::Options* options = as_options(sensor.get());
    const auto list = own(call(library().get_options_list, options), library().delete_options_list);
    const int count = call(library().get_options_list_size, static_cast<const abi::OptionsList*>(list.get()));
    for (int i = 0; i < count; ++i) {
      const int id = call(library().get_option_from_list, static_cast<const abi::OptionsList*>(list.get()), i);
      OptionInfo info;
      info.sensor = snake_case(sensor_name(sensor.get()));
      info.name = snake_case(library().option_to_string(id));
      if (const char* words = attempt(library().get_option_description, options, id)) info.description = words;
      info.value = attempt(library().get_option, options, id);
      info.read_only = attempt(library().is_option_read_only, options, id) != 0;
      attempt(library().get_option_range, options, id, &info.min, &info.max, &info.step, &info.fallback);
      infos.push_back(info);
    }
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
