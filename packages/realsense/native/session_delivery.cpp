// From a filtered frameset to what the consumer takes: description, copy, ring and leases.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "session.hpp"

namespace realsense {
namespace {

constexpr int kMaxMetadata = 64;

/// Everything about one image but its pixels and its arrival.
Image describe_image(const abi::Frame* frame, const abi::StreamProfile* profile) {
  const abi::Functions& rs = library();
  Image image;
  const ProfileInfo info = profile_info(profile);
  image.type = info.type;
  image.index = info.index;
  image.format = info.format;
  image.fps = info.fps;
  image.width = call(rs.get_frame_width, frame);
  image.height = call(rs.get_frame_height, frame);
  image.stride = call(rs.get_frame_stride_in_bytes, frame);
  image.bytes = static_cast<std::size_t>(image.stride) * image.height;
  image.number = call(rs.get_frame_number, frame);
  image.timestamp_ms = call(rs.get_frame_timestamp, frame);
  image.domain = call(rs.get_frame_timestamp_domain, frame);
  attempt(rs.get_video_stream_intrinsics, profile, &image.intrinsics);
  if (info.type == abi::kStreamDepth &&
      attempt(rs.is_frame_extendable_to, frame, static_cast<int>(abi::kExtensionDepthFrame))) {
    image.depth_units_m = attempt(rs.depth_frame_get_units, frame);
  }
  for (int key = 0; key < kMaxMetadata; ++key) {
    if (attempt(rs.supports_frame_metadata, frame, key)) {
      image.metadata.emplace_back(key, attempt(rs.get_frame_metadata, frame, key));
    }
  }
  image.leased = call(rs.get_frame_data, frame);
  return image;
}

/// Metres from the library's 16-bit depth, row by row: its rows may be padded.
void copy_metres(const Image& image, float* metres) {
  for (int y = 0; y < image.height; ++y) {
    const auto* row = reinterpret_cast<const std::uint16_t*>(static_cast<const std::uint8_t*>(image.leased) +
                                                             static_cast<std::size_t>(y) * image.stride);
    for (int x = 0; x < image.width; ++x) *metres++ = static_cast<float>(row[x]) * image.depth_units_m;
  }
}

}  // namespace

PixelBuffer::PixelBuffer(std::size_t bytes) : capacity((bytes + 63) / 64 * 64) {
  data = static_cast<std::uint8_t*>(std::aligned_alloc(64, capacity));
  if (!data) throw std::bad_alloc();
}
PixelBuffer::~PixelBuffer() { std::free(data); }

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
      const abi::StreamProfile* profile = call(rs.get_frame_stream_profile, held);
      delivery.images.push_back(describe_image(held, profile));
      if (delivery.images.back().type == abi::kStreamDepth) depth = profile;
      if (delivery.images.back().type == abi::kStreamColor) color = profile;
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
  set_arrivals(delivery);
  return delivery;
}

/// When each image, or the one of its stream with the same number, came from the library.
void Session::set_arrivals(Delivery& delivery) {
  std::lock_guard lock(mutex_);
  for (Image& image : delivery.images) {
    for (const Arrival& arrival : arrivals_) {
      if (arrival.type == image.type && arrival.index == image.index && arrival.number == image.number) {
        image.arrival_ns = std::max(image.arrival_ns, arrival.at_ns);
      }
    }
    if (image.arrival_ns == 0) image.arrival_ns = status_.last_arrival_ns;
  }
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
      copy_metres(image, reinterpret_cast<float*>(image.buffer->data));
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
    publish_lease(std::move(delivery));
  } else {
    publish_copy(std::move(delivery));
  }
  notify_();
}

void Session::publish_lease(Delivery delivery) {
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
}

void Session::publish_copy(Delivery delivery) {
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

}  // namespace realsense
