// Opening and closing: device, recording file, options, filters, pairing, sensors.
#include "session.hpp"
#include "software.hpp"

namespace realsense {
namespace {

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

}  // namespace

void Session::open() {
  open_device();
  load_preset();
  open_record_file();
  sensors_ = sensors_of(record_device_ ? record_device_.get() : device_.get());
  for (const SensorOption& option : options_.options) {
    apply_option(as_options(sensor_called(option.sensor).get()), option.sensor, option.option);
  }
  ChosenProfiles chosen = choose_profiles(sensors_, options_.streams, !options_.file.empty());
  wanted_streams_ = options_.streams.size();
  make_filters();
  if (wanted_streams_ > 1) make_syncer();
  start_sensors(chosen);
}

void Session::open_device() {
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
}

void Session::load_preset() {
  if (options_.preset_json.empty()) return;
  int enabled = 0;
  attempt(REALSENSE_FEATURE(is_enabled), device_.get(), &enabled);
  if (!enabled) {
    throw Failure("PRESET_UNSUPPORTED", "This camera takes no preset: it is not in advanced mode.");
  }
  call(REALSENSE_FEATURE(load_json), device_.get(), static_cast<const void*>(options_.preset_json.data()),
       static_cast<unsigned>(options_.preset_json.size()));
}

void Session::open_record_file() {
  if (options_.record_file.empty()) return;
  const auto record = REALSENSE_FEATURE(create_record_device_ex);
  try {
    record_device_ =
        DevicePointer(call(record, static_cast<const abi::Device*>(device_.get()), options_.record_file.c_str(), 1),
                      library().delete_device);
  } catch (const Failure& failure) {
    throw Failure("FILE_INVALID", "Could not record to " + options_.record_file + ": " + failure.what());
  }
}

void Session::make_filters() {
  block_queue_ = call(library().create_frame_queue, 1);
  for (const FilterRequest& filter : options_.filters) {
    blocks_.push_back(make_filter(filter.name));
    for (const OptionValue& option : filter.options) {
      apply_option(as_options(blocks_.back()), "Filter " + filter.name, option);
    }
  }
  if (options_.align_to) blocks_.push_back(call(REALSENSE_FEATURE(create_align), options_.align_to));
  for (abi::Block* block : blocks_) call(library().start_processing_queue, block, block_queue_);
}

void Session::make_syncer() {
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

void Session::start_sensors(ChosenProfiles& chosen) {
  for (auto& [index, profiles] : chosen.by_sensor) {
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

}  // namespace realsense
