#include "wire_request.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "protocol.hpp"

namespace cliport {
namespace {

namespace wire = cliport::link::v2;

// Of a quaternion's length from 1, and of the angle between the tool's axis and straight down [rad].
constexpr double kUnitTolerance = 1e-6;
constexpr double kDownToleranceRad = 1e-6;

Refusal missing(const std::string& field) {
  return {"missing_field", "Expected " + field + " but it is absent. Fill it in; nothing of the plan was run."};
}

/// The first thing that is not carried out is the one that is told.
void note_unsupported(ReadRequest& read, const std::string& field, wire::Feature feature) {
  if (read.unsupported.empty()) {
    read.unsupported = field + ": this controller does not carry out " + wire::Feature_Name(feature);
  }
}

void need_zero(ReadRequest& read, double value, const std::string& field, wire::Feature feature) {
  if (value != 0.0) note_unsupported(read, field, feature);  // NaN too
}

/// Of the tool straight down: q_base_tool = (cos(yaw / 2), sin(yaw / 2), 0, 0), up to sign, so that its tilt is
/// 2 asin(|(z, w)|).
std::optional<Refusal> read_quaternion(const wire::Quaternion& q, const std::string& field, ReadRequest& read,
                                       Segment& segment) {
  const double length = std::sqrt(q.x() * q.x() + q.y() * q.y() + q.z() * q.z() + q.w() * q.w());
  // Written so that NaN fails too.
  if (!(std::abs(length - 1.0) <= kUnitTolerance)) {
    return Refusal{"orientation", "Expected " + field + " of length 1 but received one of length " +
                                      std::to_string(length) + ". Normalize it; nothing of the plan was run."};
  }
  if (2.0 * std::hypot(q.z(), q.w()) > kDownToleranceRad) note_unsupported(read, field, wire::FEATURE_FULL_POSE);
  segment.yaw_rad = std::remainder(2.0 * std::atan2(q.y(), q.x()), 2.0 * std::numbers::pi);
  return std::nullopt;
}

/// Move, Descend and Push begin with the same fields.
template <typename Line>
std::optional<Refusal> read_line(const Line& line, const std::string& field, ReadRequest& read, Segment& segment) {
  const wire::Pose& pose = line.pose();
  if (!pose.has_p_base()) return missing(field + ".pose.p_base");
  segment.p_base_m = {pose.p_base().x_m(), pose.p_base().y_m(), pose.p_base().z_m()};
  segment.speed_mps = line.speed_mps();
  switch (pose.orientation_case()) {
    case wire::Pose::kYawRad:
      segment.yaw_rad = pose.yaw_rad();
      return std::nullopt;
    case wire::Pose::kQBaseTool:
      return read_quaternion(pose.q_base_tool(), field + ".pose.q_base_tool", read, segment);
    case wire::Pose::ORIENTATION_NOT_SET:
      break;
  }
  return missing(field + ".pose.yaw_rad or .q_base_tool");
}

std::optional<Refusal> read_segment(const wire::Segment& in, const std::string& field, ReadRequest& read,
                                    Segment& segment) {
  switch (in.kind_case()) {
    case wire::Segment::kMove:
      segment.kind = SegmentKind::kMove;
      segment.blend_radius_m = in.move().blend_radius_m();
      return read_line(in.move(), field + ".move", read, segment);
    case wire::Segment::kDescend:
      segment.kind = SegmentKind::kDescend;
      segment.contact_speed_mps = in.descend().contact_speed_mps();
      need_zero(read, in.descend().contact_zone_m(), field + ".descend.contact_zone_m", wire::FEATURE_CONTACT_ZONE);
      return read_line(in.descend(), field + ".descend", read, segment);
    case wire::Segment::kGrasp:
      segment.kind = SegmentKind::kGrasp;
      need_zero(read, in.grasp().width_m(), field + ".grasp.width_m", wire::FEATURE_GRASP_WIDTH);
      need_zero(read, in.grasp().force_n(), field + ".grasp.force_n", wire::FEATURE_GRASP_FORCE);
      need_zero(read, in.grasp().speed_mps(), field + ".grasp.speed_mps", wire::FEATURE_GRASP_SPEED);
      return std::nullopt;
    case wire::Segment::kRelease:
      segment.kind = SegmentKind::kRelease;
      need_zero(read, in.release().width_m(), field + ".release.width_m", wire::FEATURE_GRASP_WIDTH);
      need_zero(read, in.release().speed_mps(), field + ".release.speed_mps", wire::FEATURE_GRASP_SPEED);
      return std::nullopt;
    case wire::Segment::kJoints:
      segment.kind = SegmentKind::kJoints;
      if (in.joints().q_rad_size() != static_cast<int>(segment.q_rad.size()))
        return missing(field + ".joints.q_rad of 7");
      std::copy(in.joints().q_rad().begin(), in.joints().q_rad().end(), segment.q_rad.begin());
      segment.speed_mps = in.joints().speed_mps();
      return std::nullopt;
    case wire::Segment::kPush:
      segment.kind = SegmentKind::kPush;
      segment.force_limit_n = in.push().force_limit_n();
      return read_line(in.push(), field + ".push", read, segment);
    case wire::Segment::kSetTool:
      note_unsupported(read, field + ".set_tool", wire::FEATURE_SET_TOOL);
      return std::nullopt;
    case wire::Segment::KIND_NOT_SET:
      break;
  }
  return missing(field + " to be a move, descend, grasp, release, joints, push or set_tool,");
}

std::optional<Refusal> read_plan(const wire::Plan& plan, ReadRequest& read) {
  if (plan.segments_size() > static_cast<int>(kMaxSegments)) {
    return Refusal{"too_many_segments", "Expected at most " + std::to_string(kMaxSegments) +
                                            " segments in a plan but received " + std::to_string(plan.segments_size()) +
                                            ". Split it."};
  }
  // Written so that NaN fails too.
  if (!(plan.valid_for_s() > 0.0 && plan.valid_for_s() <= kMaxValidForS)) {
    return Refusal{"valid_for", "Expected plan.valid_for_s in (0, 60] but received " +
                                    std::to_string(plan.valid_for_s()) + ". A plan without expiry is never run."};
  }
  if (plan.append_to() != 0) note_unsupported(read, "plan.append_to", wire::FEATURE_APPEND);
  Command& command = read.command;
  command.valid_for_ns = std::max<std::int64_t>(1, std::llround(plan.valid_for_s() * 1e9));
  command.segment_count = static_cast<std::uint32_t>(plan.segments_size());
  for (int i = 0; i < plan.segments_size(); ++i) {
    std::string field = "plan.segments[";
    field.append(std::to_string(i)).append("]");
    Segment& segment = command.segments[static_cast<std::size_t>(i)];
    if (auto refusal = read_segment(plan.segments(i), field, read, segment)) return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> read_body(const wire::Request& request, ReadRequest& read) {
  read.is_command = true;
  Command& command = read.command;
  const auto with_id = [&command](CommandKind kind, std::uint64_t id) -> std::optional<Refusal> {
    command.kind = kind;
    command.id = id;
    if (id != 0) return std::nullopt;
    return Refusal{"missing_field", "Expected a command id but it is absent or 0. Ids are unique within a session."};
  };
  switch (request.body_case()) {
    case wire::Request::kAcquire:
      return with_id(CommandKind::kAcquire, request.acquire().id());
    case wire::Request::kRelease:
      return with_id(CommandKind::kRelease, request.release().id());
    case wire::Request::kClear:
      return with_id(CommandKind::kClear, request.clear().id());
    case wire::Request::kPlan:
      if (auto refusal = with_id(CommandKind::kPlan, request.plan().id())) return refusal;
      return read_plan(request.plan(), read);
    case wire::Request::kFreeDrive:
      note_unsupported(read, "free_drive", wire::FEATURE_FREE_DRIVE);
      return with_id(CommandKind::kUnsupported, request.free_drive().id());
    case wire::Request::kHeartbeat:
      command.kind = CommandKind::kHeartbeat;
      return std::nullopt;
    case wire::Request::kStop:
      // Accepted without an id, too: refusing a stop for its form is worse than leaving it unanswered.
      command.kind = CommandKind::kStop;
      command.id = request.stop().id();
      return std::nullopt;
    case wire::Request::kHello:
    case wire::Request::kPing:
    case wire::Request::kReplay:
      read.is_command = false;
      return std::nullopt;
    case wire::Request::BODY_NOT_SET:
      break;
  }
  return Refusal{"unknown_request", "Expected a request that link version " + std::to_string(kLinkVersion) +
                                        " knows but found none in the message."};
}

}  // namespace

std::optional<Refusal> check_header(const wire::Request& request) {
  if (!request.has_header()) return Refusal{"missing_field", "Expected request.header but it is absent."};
  const wire::Header& header = request.header();
  if (header.version() != kLinkVersion) {
    return Refusal{"version", "Expected link version " + std::to_string(kLinkVersion) + " but received " +
                                  std::to_string(header.version()) +
                                  ". Install the same release of cliport-edge on both sides."};
  }
  if (header.session() == 0) return Refusal{"session", "Expected a random session but received 0."};
  return std::nullopt;
}

std::optional<Refusal> read_request(const wire::Request& request, ReadRequest& read) {
  if (auto refusal = read_body(request, read)) return refusal;
  if (!read.unsupported.empty()) read.command.kind = CommandKind::kUnsupported;
  return std::nullopt;
}

}  // namespace cliport
