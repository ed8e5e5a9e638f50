#include "profiles.hpp"

#include <map>
#include <string>

namespace realsense {
namespace {

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

struct Choice {
  std::size_t sensor = 0;
  const abi::StreamProfile* profile = nullptr;
  ProfileInfo info;
};

/// Lower is better: what was asked for is met; of the rest 640x480 at 30 fps is what every camera does over USB 2 too.
int preference(const ProfileInfo& info, bool recording) {
  if (recording) return 0;
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

/// Of all that is offered, the best for one request.
const Choice& best_of(const std::vector<Choice>& offered, const StreamRequest& request, bool recording) {
  const Choice* best = nullptr;
  std::string others;
  for (const Choice& choice : offered) {
    if (choice.info.type == request.type && (request.index < 0 || choice.info.index == request.index)) {
      const std::string one = std::to_string(choice.info.width) + "x" + std::to_string(choice.info.height) + "@" +
                              std::to_string(choice.info.fps) + " " + format_word(choice.info.format);
      if (others.find(one) == std::string::npos) others += (others.empty() ? "" : ", ") + one;
    }
    if (!meets(choice.info, request)) continue;
    if (!best || preference(choice.info, recording) < preference(best->info, recording)) best = &choice;
  }
  if (!best) {
    throw Failure("PROFILE_UNAVAILABLE",
                  "There is no stream " + text_of(request) + ". " +
                      (others.empty() ? "The device has no such stream." : "The device offers: " + others));
  }
  return *best;
}

}  // namespace

ChosenProfiles choose_profiles(const std::vector<std::shared_ptr<abi::Sensor>>& sensors,
                               const std::vector<StreamRequest>& requests, bool recording) {
  ChosenProfiles chosen;
  std::vector<Choice> offered;
  for (std::size_t i = 0; i < sensors.size(); ++i) {
    chosen.lists.push_back(
        own(call(library().get_stream_profiles, sensors[i].get()), library().delete_stream_profiles_list));
    const abi::StreamProfileList* list = chosen.lists.back().get();
    const int count = call(library().get_stream_profiles_count, list);
    for (int k = 0; k < count; ++k) {
      const abi::StreamProfile* profile = call(library().get_stream_profile, list, k);
      offered.push_back({i, profile, profile_info(profile)});
    }
  }
  for (const StreamRequest& request : requests) {
    const Choice& best = best_of(offered, request, recording);
    chosen.by_sensor[best.sensor].push_back(best.profile);
  }
  return chosen;
}

}  // namespace realsense
