// Wire version 1, byte for byte; tests/unit/link-wire.test.ts checks the same file from the runtime's end.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "link.pb.h"

namespace cliport::test {
namespace {

namespace wire = cliport::link::v1;

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
  message.mutable_header()->set_version(1);
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

template <typename Line>
void fill_line(Line& line) {
  fill(*line.mutable_p_base());
  line.set_yaw_rad(0.75);
  line.set_speed_mps(0.1);
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

TEST_F(WireTest, EveryMessageOfVersionOneIsWrittenAsItWasPinned) {
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
  auto stop = with_header<wire::Request>();
  stop.mutable_stop()->set_id(5);
  stop.mutable_stop()->set_reason("why");
  expect_pinned("stop", stop);
  auto clear = with_header<wire::Request>();
  clear.mutable_clear()->set_id(6);
  expect_pinned("clear", clear);
  auto replay = with_header<wire::Request>();
  replay.mutable_replay()->set_from_sequence(7);
  expect_pinned("replay", replay);

  auto plan = with_header<wire::Request>();
  plan.mutable_plan()->set_id(4);
  plan.mutable_plan()->set_valid_for_s(0.5);
  fill_line(*plan.mutable_plan()->add_segments()->mutable_move());
  fill_line(*plan.mutable_plan()->add_segments()->mutable_descend());
  plan.mutable_plan()->add_segments()->mutable_suction()->set_on(true);
  wire::JointMove& joints = *plan.mutable_plan()->add_segments()->mutable_joints();
  for (int i = 0; i < 7; ++i) joints.add_q_rad(i);
  joints.set_speed_mps(0.2);
  expect_pinned("plan", plan);

  auto welcome = with_header<wire::Reply>();
  wire::Welcome& words = *welcome.mutable_welcome();
  words.set_version(1);
  words.set_backend("sim");
  words.set_software("x 1");
  for (const double bound_m : {0.1, 0.8, -0.6, 0.6, 0.0, 0.7}) words.add_motion_box_m(bound_m);
  words.set_speed_limit_mps(0.6);
  words.set_last_event_sequence(9);
  words.set_state_port(5601);
  words.set_event_port(5602);
  words.set_stop_port(5603);
  words.set_instance(10);
  for (int i = 1; i <= 6; ++i) words.add_keep_out_m(i);
  expect_pinned("welcome", welcome);
  auto pong = with_header<wire::Reply>();
  pong.mutable_pong()->set_controller_ns(11);
  expect_pinned("pong", pong);
  auto error = with_header<wire::Reply>();
  error.mutable_error()->set_code("busy");
  error.mutable_error()->set_message("later");
  expect_pinned("error", error);

  auto reply = with_header<wire::Reply>();
  wire::Event& event = *reply.mutable_event();
  event.set_sequence(12);
  event.set_stamp_ns(13);
  event.set_kind(wire::EVENT_ENDED);
  event.set_session(14);
  event.set_command_id(15);
  event.set_segment(2);
  event.set_contact(true);
  event.set_sealed(true);
  event.set_reason("watchdog");
  event.set_mode(wire::MODE_FAULT);
  fill(*event.mutable_p_base());
  event.set_detail("words");
  expect_pinned("event", reply);

  auto state = with_header<wire::State>();
  state.set_stamp_ns(16);
  state.set_mode(wire::MODE_MOVING);
  state.set_reason("none");
  state.set_lease_session(17);
  state.set_command_id(18);
  state.set_segment(1);
  for (int i = 0; i < 7; ++i) {
    state.add_q_rad(i);
    state.add_dq_radps(i);
    state.add_tau_ext_nm(i);
  }
  state.set_contact(true);
  state.set_sealed(true);
  fill(*state.mutable_p_base_tool());
  state.set_yaw_rad(0.5);
  state.set_suction(true);
  state.set_last_event_sequence(19);
  fill(*state.mutable_f_ext_base_n());
  expect_pinned("state", state);

  EXPECT_TRUE(lines.empty()) << "pinned but not checked: " << lines.begin()->first;
}

}  // namespace
}  // namespace cliport::test
