#include "franka/translate.hpp"

#include <franka/errors.h>
#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

#include "error_names.hpp"

namespace cliport::fci {
namespace {

/// Reasons are lower case throughout; libfranka writes tau_J_range_violation.
std::string lower(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

TEST(Translate, EveryErrorOfLibfrankaHasAReasonOfTheSameName) {
  std::set<Reason> seen;
  for (std::size_t i = 0; i < 41; ++i) {
    std::array<bool, 41> raised{};
    raised[i] = true;
    const std::string text(::franka::Errors{raised});
    const Reason reason = reason_in(text);
    ASSERT_NE(reason, Reason::kNone) << text;
    EXPECT_NE(lower(text).find('"' + std::string(to_string(reason)) + '"'), std::string::npos) << text;
    seen.insert(reason);
  }
  EXPECT_EQ(seen.size(), 41U);
}

TEST(Translate, OfSeveralErrorsTheOneThatTheControllerListsFirstIsTaken) {
  std::array<bool, 41> raised{};
  raised[kCartesianReflex] = raised[kCommunication] = true;
  EXPECT_EQ(reason_in(std::string(::franka::Errors{raised})), Reason::kCartesianReflex);
}

TEST(Translate, TextWithoutAnErrorOfTheRobotHasNoReason) {
  EXPECT_EQ(reason_in("libfranka: Move command aborted!"), Reason::kNone);
  EXPECT_EQ(reason_in("joint_reflex without quotes"), Reason::kNone);
  EXPECT_EQ(reason_in(""), Reason::kNone);
}

TEST(Translate, ARobotInReflexHasAFaultEvenWhenItNamesNoError) {
  ::franka::RobotState state;
  state.robot_mode = ::franka::RobotMode::kReflex;
  EXPECT_EQ(fault_of(state), Reason::kRobotFailed);
  state.robot_mode = ::franka::RobotMode::kUserStopped;
  EXPECT_EQ(fault_of(state), Reason::kUserStop);
  state.robot_mode = ::franka::RobotMode::kIdle;
  EXPECT_EQ(fault_of(state), Reason::kNone);
}

TEST(Translate, AStateKeepsItsNumbersAndTellsContactOnlyOfForces) {
  ::franka::RobotState state;
  state.robot_mode = ::franka::RobotMode::kIdle;
  state.q = {1, 2, 3, 4, 5, 6, 7};
  state.dq = {7, 6, 5, 4, 3, 2, 1};
  state.tau_ext_hat_filtered = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7};
  state.O_F_ext_hat_K = {-3, 2, 11, 9, 9, 9};
  state.cartesian_contact = {0, 0, 0, 1, 1, 1};
  Measured measured = measured_of(state);
  EXPECT_EQ(measured.q_rad, state.q);
  EXPECT_EQ(measured.dq_radps, state.dq);
  EXPECT_EQ(measured.tau_ext_nm, state.tau_ext_hat_filtered);
  EXPECT_EQ(measured.f_ext_base_n, (std::array<double, 3>{-3, 2, 11}));
  EXPECT_FALSE(measured.contact);
  state.cartesian_contact = {0, 0, 1, 0, 0, 0};
  EXPECT_TRUE(measured_of(state).contact);
}

TEST(Translate, MatricesTurnFromColumnsToRowsAndBack) {
  std::array<double, 16> columns;
  for (std::size_t i = 0; i < 16; ++i) columns[i] = static_cast<double>(i);
  const Transform rows = transform_of(columns);
  EXPECT_EQ(rows[3], 12.0);  // x of the translation
  EXPECT_EQ(columns_of(rows), columns);
}

}  // namespace
}  // namespace cliport::fci
