// Requests as bytes, replies as messages: what the tests of protocol and endpoint share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>

#include "cliport/controller.hpp"
#include "link.pb.h"
#include "protocol.hpp"

namespace cliport::test {

namespace wire = cliport::link::v2;

inline wire::Request request(std::uint64_t session, std::uint64_t sequence) {
  wire::Request request;
  request.mutable_header()->set_version(kLinkVersion);
  request.mutable_header()->set_session(session);
  request.mutable_header()->set_sequence(sequence);
  return request;
}

inline wire::Request acquire(std::uint64_t session, std::uint64_t sequence, std::uint64_t id) {
  wire::Request message = request(session, sequence);
  message.mutable_acquire()->set_id(id);
  return message;
}

inline wire::Request heartbeat(std::uint64_t session, std::uint64_t sequence, std::uint64_t counter) {
  wire::Request message = request(session, sequence);
  message.mutable_heartbeat()->set_counter(counter);
  return message;
}

inline wire::Request stop(std::uint64_t session, std::uint64_t sequence, std::uint64_t id) {
  wire::Request message = request(session, sequence);
  message.mutable_stop()->set_id(id);
  message.mutable_stop()->set_detail("a test");
  return message;
}

/// A straight move that takes about `distance / speed` seconds.
inline wire::Request move(std::uint64_t session, std::uint64_t sequence, std::uint64_t id, double y_m,
                          double speed_mps = 0.1, double valid_for_s = 0.5) {
  wire::Request message = request(session, sequence);
  message.mutable_plan()->set_id(id);
  message.mutable_plan()->set_valid_for_s(valid_for_s);
  wire::Move& move = *message.mutable_plan()->add_segments()->mutable_move();
  move.mutable_pose()->mutable_p_base()->set_x_m(0.45);
  move.mutable_pose()->mutable_p_base()->set_y_m(y_m);
  move.mutable_pose()->mutable_p_base()->set_z_m(0.3);
  move.mutable_pose()->set_yaw_rad(0.0);
  move.set_speed_mps(speed_mps);
  return message;
}

inline std::string bytes_of(const wire::Request& message) { return message.SerializeAsString(); }

inline wire::Reply reply_of(std::string_view bytes) {
  wire::Reply reply;
  EXPECT_TRUE(reply.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return reply;
}

/// Where the arm of these tests stands: tool down at (0.45, 0, 0.3).
inline Joints start_joints(const ControllerConfig& config) {
  Joints q_rad{};
  EXPECT_TRUE(inverse({0.45, 0.0, 0.3}, 0.0, config.tool, config.joint_limits, config.joint_margin_rad, q_rad));
  return q_rad;
}

}  // namespace cliport::test
