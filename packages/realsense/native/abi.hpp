// Our own minimal declarations of the librealsense2 C interface: what this package calls and nothing else.
//
// Enum values and struct layouts below are equal in the published headers 2.50 to 2.57; names of newer values come from
// the library's own rs2_*_to_string functions. The structs that the library takes by value are checked by size.
#pragma once

#include <cstdint>

namespace realsense::abi {

struct Error;
struct Context;
struct Device;
struct DeviceList;
struct Sensor;
struct SensorList;
struct StreamProfile;
struct StreamProfileList;
struct Frame;
struct FrameQueue;
struct Block;
struct Options;  // a Sensor or a Block seen as a set of options
struct OptionsList;
struct RawData;
struct Source;  // what a processing block of ours makes its frames with

/// The version we ask for. The library accepts any request of its own major and at most its own minor version, so a
/// fixed low number works with all of 2.50 and newer.
inline constexpr int kRequestedVersion = 25000;
inline constexpr int kFirstVersionRecordingDb3 = 25800;

enum Stream : int { kStreamAny = 0, kStreamDepth = 1, kStreamColor = 2, kStreamInfrared = 3 };
enum Format : int { kFormatAny = 0, kFormatZ16 = 1, kFormatRgb8 = 5 };
enum Info : int {
  kInfoName = 0,
  kInfoSerial = 1,
  kInfoFirmware = 2,
  kInfoRecommendedFirmware = 3,
  kInfoPort = 4,
  kInfoUsbType = 9,
  kInfoProductLine = 10,
};
enum OptionId : int { kOptionDepthUnits = 28, kOptionStereoBaseline = 40 };
enum Metadata : int { kMetadataFrameCounter = 0, kMetadataActualFps = 10 };
enum Matcher : int { kMatcherDefault = 6 };
enum Extension : int { kExtensionCompositeFrame = 10, kExtensionDepthFrame = 12 };
enum ExceptionType : int {
  kExceptionDisconnected = 1,
  kExceptionBackend = 2,
  kExceptionRecovery = 6,
  kExceptionIo = 7
};
enum PlaybackStatus : int { kPlaybackStopped = 3 };

struct Intrinsics {
  int width, height;
  float ppx, ppy, fx, fy;
  int model;
  float coeffs[5];
};
/// Rotation is column-major.
struct Extrinsics {
  float rotation[9];
  float translation[3];
};
struct VideoStream {
  int type, index, uid, width, height, fps, bytes_per_pixel, format;
  Intrinsics intrinsics;
};
struct SoftwareVideoFrame {
  void* pixels;
  void (*deleter)(void*);
  int stride, bytes_per_pixel;
  double timestamp;
  int domain, frame_number;
  const StreamProfile* profile;
  float depth_units;
};
static_assert(sizeof(Intrinsics) == 48 && sizeof(Extrinsics) == 48);
static_assert(sizeof(VideoStream) == 80 && sizeof(SoftwareVideoFrame) == 56);

using FrameCallback = void (*)(Frame*, void* user);
using ProcessCallback = void (*)(Frame*, Source*, void* user);
using DevicesChangedCallback = void (*)(DeviceList* removed, DeviceList* added, void* user);

// X(result, name without "rs2_", parameters)

/// Without one of these there is no capture: loading fails and names them.
#define REALSENSE_REQUIRED(X)                                                                     \
  X(int, get_api_version, (Error**))                                                              \
  X(const char*, get_error_message, (const Error*))                                               \
  X(const char*, get_failed_function, (const Error*))                                             \
  X(int, get_librealsense_exception_type, (const Error*))                                         \
  X(void, free_error, (Error*))                                                                   \
  X(Context*, create_context, (int, Error**))                                                     \
  X(void, delete_context, (Context*))                                                             \
  X(DeviceList*, query_devices, (const Context*, Error**))                                        \
  X(int, get_device_count, (const DeviceList*, Error**))                                          \
  X(Device*, create_device, (const DeviceList*, int, Error**))                                    \
  X(void, delete_device_list, (DeviceList*))                                                      \
  X(void, delete_device, (Device*))                                                               \
  X(int, supports_device_info, (const Device*, int, Error**))                                     \
  X(const char*, get_device_info, (const Device*, int, Error**))                                  \
  X(SensorList*, query_sensors, (const Device*, Error**))                                         \
  X(int, get_sensors_count, (const SensorList*, Error**))                                         \
  X(Sensor*, create_sensor, (const SensorList*, int, Error**))                                    \
  X(void, delete_sensor_list, (SensorList*))                                                      \
  X(void, delete_sensor, (Sensor*))                                                               \
  X(int, supports_sensor_info, (const Sensor*, int, Error**))                                     \
  X(const char*, get_sensor_info, (const Sensor*, int, Error**))                                  \
  X(StreamProfileList*, get_stream_profiles, (Sensor*, Error**))                                  \
  X(int, get_stream_profiles_count, (const StreamProfileList*, Error**))                          \
  X(const StreamProfile*, get_stream_profile, (const StreamProfileList*, int, Error**))           \
  X(void, delete_stream_profiles_list, (StreamProfileList*))                                      \
  X(void, get_stream_profile_data, (const StreamProfile*, int*, int*, int*, int*, int*, Error**)) \
  X(int, is_stream_profile_default, (const StreamProfile*, Error**))                              \
  X(void, get_video_stream_resolution, (const StreamProfile*, int*, int*, Error**))               \
  X(void, get_video_stream_intrinsics, (const StreamProfile*, Intrinsics*, Error**))              \
  X(void, get_extrinsics, (const StreamProfile*, const StreamProfile*, Extrinsics*, Error**))     \
  X(void, open_multiple, (Sensor*, const StreamProfile**, int, Error**))                          \
  X(void, close, (const Sensor*, Error**))                                                        \
  X(void, start, (const Sensor*, FrameCallback, void*, Error**))                                  \
  X(void, stop, (const Sensor*, Error**))                                                         \
  X(Block*, create_sync_processing_block, (Error**))                                              \
  X(void, start_processing_fptr, (Block*, FrameCallback, void*, Error**))                         \
  X(void, start_processing_queue, (Block*, FrameQueue*, Error**))                                 \
  X(void, process_frame, (Block*, Frame*, Error**))                                               \
  X(void, delete_processing_block, (Block*))                                                      \
  X(FrameQueue*, create_frame_queue, (int, Error**))                                              \
  X(int, try_wait_for_frame, (FrameQueue*, unsigned, Frame**, Error**))                           \
  X(void, delete_frame_queue, (FrameQueue*))                                                      \
  X(void, frame_add_ref, (Frame*, Error**))                                                       \
  X(void, release_frame, (Frame*))                                                                \
  X(int, is_frame_extendable_to, (const Frame*, int, Error**))                                    \
  X(int, embedded_frames_count, (Frame*, Error**))                                                \
  X(Frame*, extract_frame, (Frame*, int, Error**))                                                \
  X(const void*, get_frame_data, (const Frame*, Error**))                                         \
  X(int, get_frame_width, (const Frame*, Error**))                                                \
  X(int, get_frame_height, (const Frame*, Error**))                                               \
  X(int, get_frame_stride_in_bytes, (const Frame*, Error**))                                      \
  X(int, get_frame_bits_per_pixel, (const Frame*, Error**))                                       \
  X(double, get_frame_timestamp, (const Frame*, Error**))                                         \
  X(int, get_frame_timestamp_domain, (const Frame*, Error**))                                     \
  X(unsigned long long, get_frame_number, (const Frame*, Error**))                                \
  X(const StreamProfile*, get_frame_stream_profile, (const Frame*, Error**))                      \
  X(int, supports_frame_metadata, (const Frame*, int, Error**))                                   \
  X(long long, get_frame_metadata, (const Frame*, int, Error**))                                  \
  X(const char*, frame_metadata_to_string, (int))                                                 \
  X(float, depth_frame_get_units, (const Frame*, Error**))                                        \
  X(OptionsList*, get_options_list, (const Options*, Error**))                                    \
  X(int, get_options_list_size, (const OptionsList*, Error**))                                    \
  X(int, get_option_from_list, (const OptionsList*, int, Error**))                                \
  X(void, delete_options_list, (OptionsList*))                                                    \
  X(const char*, option_to_string, (int))                                                         \
  X(int, is_option_read_only, (const Options*, int, Error**))                                     \
  X(float, get_option, (const Options*, int, Error**))                                            \
  X(void, set_option, (const Options*, int, float, Error**))                                      \
  X(void, get_option_range, (const Options*, int, float*, float*, float*, float*, Error**))       \
  X(const char*, get_option_description, (const Options*, int, Error**))

/// Without one of these a single feature is missing, and says so when it is asked for.
#define REALSENSE_OPTIONAL(X)                                                                     \
  X(void, set_devices_changed_callback, (const Context*, DevicesChangedCallback, void*, Error**)) \
  X(void, hardware_reset, (const Device*, Error**))                                               \
  X(void, is_enabled, (Device*, int*, Error**))                                                   \
  X(void, load_json, (Device*, const void*, unsigned, Error**))                                   \
  X(RawData*, serialize_json, (Device*, Error**))                                                 \
  X(const unsigned char*, get_raw_data, (const RawData*, Error**))                                \
  X(int, get_raw_data_size, (const RawData*, Error**))                                            \
  X(void, delete_raw_data, (const RawData*))                                                      \
  X(Block*, create_processing_block_fptr, (ProcessCallback, void*, Error**))                      \
  X(Frame*, allocate_composite_frame, (Source*, Frame**, int, Error**))                           \
  X(void, synthetic_frame_ready, (Source*, Frame*, Error**))                                      \
  X(Block*, create_align, (int, Error**))                                                         \
  X(Block*, create_decimation_filter_block, (Error**))                                            \
  X(Block*, create_temporal_filter_block, (Error**))                                              \
  X(Block*, create_spatial_filter_block, (Error**))                                               \
  X(Block*, create_hole_filling_filter_block, (Error**))                                          \
  X(Block*, create_disparity_transform_block, (unsigned char, Error**))                           \
  X(Block*, create_threshold, (Error**))                                                          \
  X(Device*, create_record_device_ex, (const Device*, const char*, int, Error**))                 \
  X(Device*, context_add_device, (Context*, const char*, Error**))                                \
  X(void, context_remove_device, (Context*, const char*, Error**))                                \
  X(void, playback_device_set_real_time, (const Device*, int, Error**))                           \
  X(int, playback_device_get_current_status, (const Device*, Error**))                            \
  X(unsigned long long, playback_get_duration, (const Device*, Error**))                          \
  X(Device*, create_software_device, (Error**))                                                   \
  X(void, software_device_register_info, (Device*, int, const char*, Error**))                    \
  X(Sensor*, software_device_add_sensor, (Device*, const char*, Error**))                         \
  X(void, software_device_create_matcher, (Device*, int, Error**))                                \
  X(StreamProfile*, software_sensor_add_video_stream_ex, (Sensor*, VideoStream, int, Error**))    \
  X(void, software_sensor_on_video_frame, (Sensor*, SoftwareVideoFrame, Error**))                 \
  X(void, software_sensor_set_metadata, (Sensor*, int, long long, Error**))                       \
  X(void, software_sensor_add_read_only_option, (Sensor*, int, float, Error**))                   \
  X(void, register_extrinsics, (const StreamProfile*, const StreamProfile*, Extrinsics, Error**)) \
  X(void, context_add_software_device, (Context*, Device*, Error**))

/// The library's functions, by their names without "rs2_"; an optional one may be null.
struct Functions {
#define X(result, name, parameters) result(*name) parameters = nullptr;
  REALSENSE_REQUIRED(X)
  REALSENSE_OPTIONAL(X)
#undef X
};

}  // namespace realsense::abi
