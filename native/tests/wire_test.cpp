// Wire version 2, byte for byte; tests/unit/link-wire.test.ts checks the same file from the runtime's end.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <map>
#include <string>

#include "cliport/controller.hpp"
#include "link.pb.h"

namespace cliport::test {
namespace {

namespace wire = cliport::link::v2;

/// Name -> bytes as hexadecimal digits.
std::map<std::string, std::string> pinned() {
  std::ifstream file(CLIPORT_FIXTURES "/link-wire.txt");
  std::map<std::string, std::string> lines;
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = line.find(' ');
    if (line.starts_with('#') || space == std::string::npos) continue;
    lines[line.substr(0, space)] = line.substr(space + 1);
  }
  return lines;
}

std::string hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

template <typename Message>
Message with_header() {
  Message message;
  message.mutable_header()->set_version(2);
  message.mutable_header()->set_session(0x0123456789abcdefULL);
  message.mutable_header()->set_sequence(300);
  message.mutable_header()->set_sender_ns(0x1122334455667788ULL);
  return message;
}

void fill(wire::Point& point) {
  point.set_x_m(0.5);
  point.set_y_m(-0.25);
  point.set_z_m(0.125);
}

void fill(wire::Quaternion& q) {
  q.set_x(0.6);
  q.set_y(0.8);
}

void fill(wire::Pose& pose) {
  fill(*pose.mutable_p_base());
  pose.set_yaw_rad(0.75);
}

void fill(wire::Load& load) {
  load.set_mass_kg(0.5);
  fill(*load.mutable_p_flange_center());
  for (int i = 0; i < 9; ++i) load.add_inertia_kgm2(i);
}

void fill(wire::Tool& tool) {
  tool.set_name("spatula");
  fill(*tool.mutable_p_flange_tcp());
  fill(*tool.mutable_q_flange_tcp());
  fill(*tool.mutable_load());
}

void fill(wire::EndEffectorState& state, wire::EndEffectorKind kind) {
  state.set_kind(kind);
  state.set_holding(true);
  state.set_grasp_commanded(true);
}

wire::Request plan() {
  auto request = with_header<wire::Request>();
  wire::Plan& plan = *request.mutable_plan();
  plan.set_id(4);
  plan.set_valid_for_s(0.5);
  plan.set_append_to(3);
  wire::Move& move = *plan.add_segments()->mutable_move();
  fill(*move.mutable_pose());
  move.set_speed_mps(0.1);
  move.set_blend_radius_m(0.02);
  wire::Descend& descend = *plan.add_segments()->mutable_descend();
  fill(*descend.mutable_pose()->mutable_p_base());
  fill(*descend.mutable_pose()->mutable_q_base_tool());
  descend.set_speed_mps(0.1);
  descend.set_contact_speed_mps(0.03);
  descend.set_contact_zone_m(0.01);
  wire::Grasp& grasp = *plan.add_segments()->mutable_grasp();
  grasp.set_width_m(0.04);
  grasp.set_force_n(20.0);
  grasp.set_speed_mps(0.05);
  wire::JointMove& joints = *plan.add_segments()->mutable_joints();
  for (int i = 0; i < 7; ++i) joints.add_q_rad(i);
  joints.set_speed_mps(0.2);
  wire::Release& release = *plan.add_segments()->mutable_release();
  release.set_width_m(0.08);
  release.set_speed_mps(0.05);
  wire::Push& push = *plan.add_segments()->mutable_push();
  fill(*push.mutable_pose());
  push.set_speed_mps(0.1);
  push.set_force_limit_n(15.0);
  wire::SetTool& set_tool = *plan.add_segments()->mutable_set_tool();
  fill(*set_tool.mutable_tool());
  fill(*set_tool.mutable_payload());
  return request;
}

wire::Reply welcome() {
  auto reply = with_header<wire::Reply>();
  wire::Welcome& welcome = *reply.mutable_welcome();
  welcome.set_version(2);
  welcome.set_backend("sim");
  welcome.set_software("x 1");
  for (const double bound_m : {0.1, 0.8, -0.6, 0.6, 0.0, 0.7}) welcome.add_motion_box_m(bound_m);
  welcome.set_speed_limit_mps(0.6);
  welcome.set_last_event_sequence(9);
  welcome.set_state_port(5601);
  welcome.set_event_port(5602);
  welcome.set_stop_port(5603);
  welcome.set_instance(10);
  for (int i = 1; i <= 6; ++i) welcome.add_keep_out_m(i);
  wire::EndEffector& end_effector = *welcome.mutable_end_effector();
  end_effector.set_kind(wire::END_EFFECTOR_TWO_FINGER);
  end_effector.set_width_min_m(0.001);
  end_effector.set_width_max_m(0.08);
  end_effector.set_force_max_n(70.0);
  fill(*welcome.mutable_tool());
  welcome.add_features(wire::FEATURE_CONTACT_SPEED);
  welcome.add_features(wire::FEATURE_CONTACT_ZONE);
  fill(*welcome.mutable_payload());
  return reply;
}

wire::Reply event() {
  auto reply = with_header<wire::Reply>();
  wire::Event& event = *reply.mutable_event();
  event.set_sequence(12);
  event.set_stamp_ns(13);
  event.set_kind(wire::EVENT_ENDED);
  event.set_session(14);
  event.set_command_id(15);
  event.set_segment(2);
  event.set_contact(true);
  fill(*event.mutable_end_effector(), wire::END_EFFECTOR_SUCTION_CUP);
  event.set_reason(wire::REASON_WATCHDOG);
  event.set_mode(wire::MODE_FAULT);
  fill(*event.mutable_p_base());
  event.set_detail("words");
  return reply;
}

wire::State state() {
  auto state = with_header<wire::State>();
  state.set_stamp_ns(16);
  state.set_mode(wire::MODE_FREE_DRIVE);
  state.set_reason(wire::REASON_STOP_REQUESTED);
  state.set_lease_session(17);
  state.set_command_id(18);
  state.set_segment(1);
  for (int i = 0; i < 7; ++i) {
    state.add_q_rad(i);
    state.add_dq_radps(i);
    state.add_tau_ext_nm(i);
  }
  state.set_contact(true);
  fill(*state.mutable_end_effector(), wire::END_EFFECTOR_TWO_FINGER);
  state.mutable_end_effector()->set_width_m(0.04);
  state.mutable_end_effector()->set_force_n(20.0);
  fill(*state.mutable_p_base_tool());
  state.set_yaw_rad(0.5);
  fill(*state.mutable_q_base_tool());
  state.set_last_event_sequence(19);
  fill(*state.mutable_f_ext_base_n());
  state.set_detail("words");
  return state;
}

class WireTest : public ::testing::Test {
 protected:
  /// Written as pinned, and read back to the same bytes.
  template <typename Message>
  void expect_pinned(const std::string& name, const Message& message) {
    const std::string bytes = message.SerializeAsString();
    EXPECT_EQ(hex(bytes), lines.at(name)) << name;
    Message read;
    ASSERT_TRUE(read.ParseFromString(bytes)) << name;
    EXPECT_EQ(read.SerializeAsString(), bytes) << name;
    lines.erase(name);
  }

  std::map<std::string, std::string> lines = pinned();
};

TEST_F(WireTest, EveryMessageOfVersionTwoIsWrittenAsItWasPinned) {
  auto hello = with_header<wire::Request>();
  hello.mutable_hello();
  expect_pinned("hello", hello);
  auto ping = with_header<wire::Request>();
  ping.mutable_ping();
  expect_pinned("ping", ping);
  auto acquire = with_header<wire::Request>();
  acquire.mutable_acquire()->set_id(1);
  expect_pinned("acquire", acquire);
  auto release = with_header<wire::Request>();
  release.mutable_release()->set_id(2);
  expect_pinned("release", release);
  auto heartbeat = with_header<wire::Request>();
  heartbeat.mutable_heartbeat()->set_counter(3);
  expect_pinned("heartbeat", heartbeat);
  expect_pinned("plan", plan());
  auto stop = with_header<wire::Request>();
  stop.mutable_stop()->set_id(5);
  stop.mutable_stop()->set_detail("why");
  expect_pinned("stop", stop);
  auto clear = with_header<wire::Request>();
  clear.mutable_clear()->set_id(6);
  expect_pinned("clear", clear);
  auto replay = with_header<wire::Request>();
  replay.mutable_replay()->set_from_sequence(7);
  expect_pinned("replay", replay);
  auto free_drive = with_header<wire::Request>();
  free_drive.mutable_free_drive()->set_id(8);
  free_drive.mutable_free_drive()->set_on(true);
  expect_pinned("free_drive", free_drive);

  expect_pinned("welcome", welcome());
  auto pong = with_header<wire::Reply>();
  pong.mutable_pong()->set_controller_ns(11);
  expect_pinned("pong", pong);
  expect_pinned("event", event());
  auto error = with_header<wire::Reply>();
  error.mutable_error()->set_code("busy");
  error.mutable_error()->set_message("later");
  error.mutable_error()->set_reason(wire::REASON_BUSY);
  expect_pinned("error", error);
  expect_pinned("state", state());

  EXPECT_TRUE(lines.empty()) << "pinned but not checked: " << lines.begin()->first;
}

TEST(WireReasons, EveryReasonIsCalledAsTheWireCallsIt) {
  for (std::size_t number = 1; number < kReasonCount; ++number) {
    std::string name = wire::Reason_Name(static_cast<wire::Reason>(number));
    ASSERT_TRUE(name.starts_with("REASON_")) << number;
    name = name.substr(7);
    for (char& letter : name) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    EXPECT_EQ(name, to_string(static_cast<Reason>(number)));
  }
  EXPECT_STREQ(to_string(Reason::kNone), "");
}

}  // namespace
}  // namespace cliport::test
