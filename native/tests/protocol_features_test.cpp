// What link version 2 can say and this release does or does not carry out: nothing that is asked for is left out
// silently.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "link_messages.hpp"
#include "protocol.hpp"

namespace cliport::test {
namespace {

constexpr std::uint64_t kSession = 11;
constexpr std::int64_t kMs = 1'000'000;

/// An armed controller whose arm is always where it should be.
class FeaturesTest : public ::testing::Test {
 protected:
  FeaturesTest()
      : controller(config, start_joints(config)), protocol(controller, config, "test", [this] { return now_ns; }) {
    reference.q_rad = start_joints(config);
    cycle(1);
    answer_to(acquire(kSession, ++sequence, ++id));
  }

  void cycle(int cycles) {
    for (int i = 0; i < cycles; ++i) {
      now_ns += kMs;
      const Measured measured{
          .q_rad = reference.q_rad, .dq_radps = reference.dq_radps, .holding = reference.grasp, .width_m = width_m};
      controller.cycle(now_ns, measured, reference);
    }
  }

  /// The event that answers a command, or an empty one with the code of its error as detail.
  wire::Event answer_to(const wire::Request& message) {
    const Handled handled = protocol.handle(bytes_of(message), Channel::kCommands, now_ns);
    wire::Event answer;
    for (const std::string& bytes : handled.replies) answer.set_detail(reply_of(bytes).error().code());
    cycle(1);
    for (const wire::Event& event : news()) {
      const bool is_answer = event.kind() == wire::EVENT_ACCEPTED || event.kind() == wire::EVENT_REJECTED;
      if (event.command_id() == id && is_answer) answer = event;
    }
    return answer;
  }

  std::vector<wire::Event> news() {
    std::vector<LoggedEvent> logged;
    protocol.events_since(cursor, logged);
    std::vector<wire::Event> events;
    for (const LoggedEvent& event : logged) events.push_back(reply_of(*event.reply).event());
    return events;
  }

  /// A move, and behind it the segment that is asked about.
  wire::Request plan(const std::function<void(wire::Segment&)>& fill) {
    wire::Request message = move(kSession, ++sequence, ++id, 0.1);
    fill(*message.mutable_plan()->add_segments());
    return message;
  }

  static void fill(wire::Pose& pose) {
    pose.mutable_p_base()->set_x_m(0.45);
    pose.mutable_p_base()->set_y_m(0.1);
    pose.mutable_p_base()->set_z_m(0.1);
  }

  static ControllerConfig with_two_fingers() {
    ControllerConfig config;
    config.end_effector = {.kind = EndEffectorKind::kTwoFinger, .width_max_m = 0.08, .force_max_n = 70.0};
    return config;
  }

  wire::State state() {
    wire::State state;
    EXPECT_TRUE(state.ParseFromString(protocol.state()));
    return state;
  }

  wire::Welcome welcome() {
    wire::Request hello = request(kSession, ++sequence);
    hello.mutable_hello();
    return reply_of(protocol.handle(bytes_of(hello), Channel::kCommands, now_ns).replies.at(0)).welcome();
  }

  std::int64_t now_ns = 0;
  const ControllerConfig config = with_two_fingers();
  std::optional<double> width_m;
  Reference reference;
  Controller controller;
  Protocol protocol;
  std::uint64_t cursor = 0;
  std::uint64_t sequence = 0;
  std::uint64_t id = 0;
};

TEST_F(FeaturesTest, WhatIsNotCarriedOutIsRefusedWholeAndSaysWhichField) {
  struct Asked {
    std::string detail;
    std::function<void(wire::Segment&)> fill;
  };
  const std::vector<Asked> all{
      {"move.pose.q_base_tool: this controller does not carry out FEATURE_FULL_POSE",
       [](wire::Segment& segment) {
         fill(*segment.mutable_move()->mutable_pose());
         wire::Quaternion& q = *segment.mutable_move()->mutable_pose()->mutable_q_base_tool();
         q.set_x(std::cos(1e-6));  // a tilt of 2e-6 rad
         q.set_w(std::sin(1e-6));
         segment.mutable_move()->set_speed_mps(0.1);
       }},
      {"descend.contact_zone_m: this controller does not carry out FEATURE_CONTACT_ZONE",
       [](wire::Segment& segment) {
         fill(*segment.mutable_descend()->mutable_pose());
         segment.mutable_descend()->mutable_pose()->set_yaw_rad(0.0);
         segment.mutable_descend()->set_speed_mps(0.1);
         segment.mutable_descend()->set_contact_zone_m(0.01);
       }},
      {"grasp.width_m: this controller does not carry out FEATURE_GRASP_WIDTH",
       [](wire::Segment& segment) { segment.mutable_grasp()->set_width_m(0.04); }},
      {"grasp.force_n: this controller does not carry out FEATURE_GRASP_FORCE",
       [](wire::Segment& segment) { segment.mutable_grasp()->set_force_n(std::nan("")); }},
      {"grasp.speed_mps: this controller does not carry out FEATURE_GRASP_SPEED",
       [](wire::Segment& segment) { segment.mutable_grasp()->set_speed_mps(0.1); }},
      {"release.width_m: this controller does not carry out FEATURE_GRASP_WIDTH",
       [](wire::Segment& segment) { segment.mutable_release()->set_width_m(0.04); }},
      {"set_tool: this controller does not carry out FEATURE_SET_TOOL",
       [](wire::Segment& segment) { segment.mutable_set_tool(); }},
  };
  for (const Asked& asked : all) {
    const wire::Event answer = answer_to(plan(asked.fill));
    EXPECT_EQ(answer.kind(), wire::EVENT_REJECTED) << asked.detail;
    EXPECT_EQ(answer.reason(), wire::REASON_UNSUPPORTED) << asked.detail;
    EXPECT_EQ(answer.detail(), "plan.segments[1]." + asked.detail);
    cycle(10);
    EXPECT_EQ(controller.snapshot().mode, Mode::kArmed) << asked.detail;
    EXPECT_EQ(reference.q_rad, start_joints(config)) << asked.detail << ": the move before it was run";
  }
}

TEST_F(FeaturesTest, NeitherAppendingNorFreeDriveIsCarriedOut) {
  wire::Request appended = move(kSession, ++sequence, ++id, 0.1);
  appended.mutable_plan()->set_append_to(1);
  EXPECT_EQ(answer_to(appended).detail(), "plan.append_to: this controller does not carry out FEATURE_APPEND");
  for (const bool on : {true, false}) {
    wire::Request free_drive = request(kSession, ++sequence);
    free_drive.mutable_free_drive()->set_id(++id);
    free_drive.mutable_free_drive()->set_on(on);
    const wire::Event answer = answer_to(free_drive);
    EXPECT_EQ(answer.reason(), wire::REASON_UNSUPPORTED);
    EXPECT_EQ(answer.detail(), "free_drive: this controller does not carry out FEATURE_FREE_DRIVE");
  }
  EXPECT_EQ(controller.snapshot().mode, Mode::kArmed);
}

TEST_F(FeaturesTest, ARepeatedIdIsADuplicateWhateverItAsksFor) {
  wire::Request free_drive = request(kSession, ++sequence);
  free_drive.mutable_free_drive()->set_id(id);  // the acquisition's
  const wire::Event answer = answer_to(free_drive);
  EXPECT_EQ(answer.reason(), wire::REASON_DUPLICATE);
  EXPECT_EQ(answer.detail(), "");
}

TEST_F(FeaturesTest, AQuaternionStraightDownIsTheYawThatItTurnsBy) {
  for (const double yaw_rad : {-1.0, 0.0, 0.8}) {
    for (const double sign : {1.0, -1.0}) {
      wire::Request message = move(kSession, ++sequence, ++id, 0.1);
      wire::Pose& pose = *message.mutable_plan()->mutable_segments(0)->mutable_move()->mutable_pose();
      pose.mutable_q_base_tool()->set_x(sign * std::cos(yaw_rad / 2.0));
      pose.mutable_q_base_tool()->set_y(sign * std::sin(yaw_rad / 2.0));
      pose.mutable_q_base_tool()->set_z(4e-7);
      EXPECT_EQ(answer_to(message).kind(), wire::EVENT_ACCEPTED);
      for (int i = 0; i < 20'000 && controller.snapshot().mode == Mode::kMoving; ++i) {
        protocol.beat_for_lease_holder();
        cycle(1);
      }
      news();
      const wire::State now = state();
      EXPECT_NEAR(now.yaw_rad(), yaw_rad, 1e-6);
      const double down =
          std::abs(now.q_base_tool().x() * std::cos(yaw_rad / 2.0) + now.q_base_tool().y() * std::sin(yaw_rad / 2.0));
      EXPECT_NEAR(down, 1.0, 1e-9) << "the state's orientation is the one that was asked for";
    }
  }
}

TEST_F(FeaturesTest, AnOrientationThatIsNoneIsAnError) {
  wire::Request absent = move(kSession, ++sequence, ++id, 0.1);
  absent.mutable_plan()->mutable_segments(0)->mutable_move()->mutable_pose()->clear_yaw_rad();
  EXPECT_EQ(answer_to(absent).detail(), "missing_field");
  for (const double x : {0.0, 1.0001, std::nan("")}) {
    wire::Request message = move(kSession, ++sequence, ++id, 0.1);
    message.mutable_plan()->mutable_segments(0)->mutable_move()->mutable_pose()->mutable_q_base_tool()->set_x(x);
    EXPECT_EQ(answer_to(message).detail(), "orientation");
  }
}

TEST_F(FeaturesTest, WelcomeSaysWhatTheControllerDoesAndCarries) {
  const wire::Welcome words = welcome();
  ASSERT_EQ(words.features_size(), 3);
  EXPECT_EQ(words.features(0), wire::FEATURE_BLEND);
  EXPECT_EQ(words.features(1), wire::FEATURE_CONTACT_SPEED);
  EXPECT_EQ(words.features(2), wire::FEATURE_PUSH);
  EXPECT_EQ(words.end_effector().kind(), wire::END_EFFECTOR_TWO_FINGER);
  EXPECT_EQ(words.end_effector().width_max_m(), 0.08);
  EXPECT_EQ(words.end_effector().force_max_n(), 70.0);
  EXPECT_EQ(words.tool().p_flange_tcp().z_m(), config.tool.flange_to_tcp_m);
  EXPECT_NEAR(2.0 * std::atan2(words.tool().q_flange_tcp().z(), words.tool().q_flange_tcp().w()),
              config.tool.flange_to_tcp_yaw_rad, 1e-12);
  EXPECT_EQ(words.tool().load().mass_kg(), config.tool_load.mass_kg);
  EXPECT_EQ(words.payload().mass_kg(), config.held_load.mass_kg);
}

TEST_F(FeaturesTest, StateAndEventsSayWhatTheEndEffectorDoes) {
  EXPECT_EQ(state().end_effector().kind(), wire::END_EFFECTOR_TWO_FINGER);
  EXPECT_FALSE(state().end_effector().has_width_m()) << "not measured is not 0";
  EXPECT_FALSE(state().end_effector().grasp_commanded());
  width_m = 0.0;
  wire::Request grasp = request(kSession, ++sequence);
  grasp.mutable_plan()->set_id(++id);
  grasp.mutable_plan()->set_valid_for_s(1.0);
  grasp.mutable_plan()->add_segments()->mutable_grasp();
  answer_to(grasp);
  cycle(5);
  EXPECT_TRUE(state().end_effector().holding());
  EXPECT_TRUE(state().end_effector().grasp_commanded());
  ASSERT_TRUE(state().end_effector().has_width_m());
  EXPECT_EQ(state().end_effector().width_m(), 0.0);
  const std::vector<wire::Event> events = news();
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.back().kind(), wire::EVENT_DONE);
  EXPECT_TRUE(events.back().end_effector().holding());
  EXPECT_EQ(events.back().end_effector().kind(), wire::END_EFFECTOR_TWO_FINGER);
}

TEST_F(FeaturesTest, TheWordsOfAStopStandInTheStateUntilItIsCleared) {
  EXPECT_EQ(state().detail(), "");
  answer_to(stop(kSession, ++sequence, ++id));
  EXPECT_EQ(state().reason(), wire::REASON_STOP_REQUESTED);
  EXPECT_EQ(state().detail(), "a test");
  wire::Request clear = request(kSession, ++sequence);
  clear.mutable_clear()->set_id(++id);
  answer_to(clear);
  EXPECT_EQ(state().reason(), wire::REASON_NONE);
  EXPECT_EQ(state().detail(), "");
}

}  // namespace
}  // namespace cliport::test
