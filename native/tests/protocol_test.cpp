#include "protocol.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "link_messages.hpp"

namespace cliport::test {
namespace {

constexpr std::uint64_t kSession = 11;
constexpr std::int64_t kMs = 1'000'000;

/// Protocol and core with an arm that is always where it should be, on a clock that only the test moves.
class ProtocolTest : public ::testing::Test {
 protected:
  ProtocolTest()
      : controller(config, start_joints(config)), protocol(controller, config, "test", [this] { return now_ns; }) {
    reference.q_rad = start_joints(config);
    cycle(1);
  }

  void cycle(int cycles) {
    for (int i = 0; i < cycles; ++i) {
      now_ns += kMs;
      controller.cycle(now_ns, {.q_rad = reference.q_rad, .dq_radps = reference.dq_radps}, reference);
    }
  }

  Handled handle(const wire::Request& message, Channel channel = Channel::kCommands) {
    return protocol.handle(bytes_of(message), channel, now_ns);
  }

  /// Code of the error that one message gets; empty when it gets none.
  std::string error_of(std::string_view bytes, Channel channel = Channel::kCommands) {
    const Handled handled = protocol.handle(bytes, channel, now_ns);
    if (handled.replies.empty()) return "";
    EXPECT_EQ(handled.replies.size(), 1u);
    const wire::Reply reply = reply_of(handled.replies.front());
    EXPECT_EQ(reply.has_error(), !reply.error().message().empty());
    return reply.has_error() ? reply.error().code() : "";
  }
  std::string error_of(const wire::Request& message, Channel channel = Channel::kCommands) {
    return error_of(bytes_of(message), channel);
  }

  std::vector<wire::Event> news() {
    std::vector<LoggedEvent> logged;
    protocol.events_since(cursor, logged);
    std::vector<wire::Event> events;
    for (const LoggedEvent& event : logged) events.push_back(reply_of(*event.reply).event());
    return events;
  }

  /// What the controller answered to a command; EVENT_MODE when it did not.
  wire::Event answer_to(std::uint64_t id) {
    wire::Event answer;
    answer.set_kind(wire::EVENT_MODE);
    for (const wire::Event& event : news()) {
      const bool is_answer = event.kind() == wire::EVENT_ACCEPTED || event.kind() == wire::EVENT_REJECTED;
      if (event.command_id() == id && is_answer) answer = event;
    }
    return answer;
  }

  Mode mode() { return controller.snapshot().mode; }

  std::int64_t now_ns = 0;
  const ControllerConfig config;
  Reference reference;
  Controller controller;
  Protocol protocol;
  std::uint64_t cursor = 0;
};

TEST_F(ProtocolTest, HelloIsAnsweredWithWhatAPeerMustKnow) {
  protocol.set_ports({.state = 5, .event = 6, .stop = 7});
  wire::Request hello = request(kSession, 3);
  hello.mutable_hello();
  const Handled handled = handle(hello);
  ASSERT_EQ(handled.replies.size(), 1u);
  const wire::Reply reply = reply_of(handled.replies[0]);
  EXPECT_EQ(reply.header().session(), kSession);
  EXPECT_EQ(reply.header().sequence(), 3u);
  EXPECT_EQ(reply.welcome().version(), 2u);
  EXPECT_EQ(reply.welcome().backend(), "test");
  EXPECT_EQ(reply.welcome().motion_box_m_size(), 6);
  EXPECT_EQ(reply.welcome().speed_limit_mps(), config.speed_mps);
  EXPECT_EQ(reply.welcome().state_port(), 5u);
  EXPECT_EQ(reply.welcome().event_port(), 6u);
  EXPECT_EQ(reply.welcome().stop_port(), 7u);
  wire::State state;
  ASSERT_TRUE(state.ParseFromString(protocol.state()));
  EXPECT_NE(reply.welcome().instance(), 0u);
  EXPECT_EQ(state.header().session(), reply.welcome().instance());
}

TEST_F(ProtocolTest, EveryEventCarriesTheSessionItIsAbout) {
  handle(acquire(kSession, 1, 1));
  cycle(1);
  std::vector<LoggedEvent> logged;
  protocol.events_since(cursor, logged);
  ASSERT_FALSE(logged.empty());
  EXPECT_EQ(logged.front().session, kSession);
  EXPECT_EQ(reply_of(*logged.front().reply).header().session(), kSession);
}

TEST_F(ProtocolTest, WhatIsWrongWithAMessageIsNamed) {
  EXPECT_EQ(error_of(std::string_view("\x01\x02\x03")), "malformed");
  EXPECT_EQ(error_of(std::string(kMaxRequestBytes + 1, '\0')), "too_large");
  EXPECT_EQ(error_of(wire::Request()), "missing_field");
  wire::Request other_version = acquire(kSession, 1, 1);
  other_version.mutable_header()->set_version(1);
  EXPECT_EQ(error_of(other_version), "version");
  EXPECT_EQ(error_of(acquire(0, 1, 1)), "session");
  EXPECT_EQ(error_of(request(kSession, 1)), "unknown_request");
  EXPECT_EQ(error_of(acquire(kSession, 2, 0)), "missing_field");
  EXPECT_EQ(error_of(move(kSession, 3, 1, 0.1, 0.1, 0.0)), "valid_for");
  EXPECT_EQ(error_of(move(kSession, 4, 1, 0.1, 0.1, std::nan(""))), "valid_for");
  EXPECT_EQ(error_of(move(kSession, 5, 1, 0.1, 0.1, kMaxValidForS + 1)), "valid_for");
  wire::Request long_plan = move(kSession, 6, 1, 0.1);
  for (std::size_t i = 0; i < kMaxSegments; ++i)
    *long_plan.mutable_plan()->add_segments() = long_plan.plan().segments(0);
  EXPECT_EQ(error_of(long_plan), "too_many_segments");
  cycle(5);
  EXPECT_TRUE(news().empty());
}

TEST_F(ProtocolTest, AnErrorSaysWhetherARepetitionMayHelp) {
  const auto reason_of = [&](const wire::Request& message) {
    return reply_of(handle(message).replies.at(0)).error().reason();
  };
  EXPECT_EQ(reason_of(acquire(kSession, 1, 0)), wire::REASON_MALFORMED);
  for (std::uint64_t i = 1; i <= 64; ++i) handle(acquire(kSession, 1 + i, i));
  EXPECT_EQ(reason_of(acquire(kSession, 100, 100)), wire::REASON_BUSY);
}

TEST_F(ProtocolTest, SequencesIncreaseOnEachChannelForItself) {
  EXPECT_EQ(error_of(acquire(kSession, 10, 1)), "");
  EXPECT_EQ(error_of(acquire(kSession, 10, 2)), "sequence");
  EXPECT_EQ(error_of(acquire(kSession, 9, 3)), "sequence");
  EXPECT_EQ(error_of(acquire(kSession + 1, 9, 3)), "");
  wire::Request ping = request(kSession, 1);
  ping.mutable_ping();
  EXPECT_EQ(error_of(ping, Channel::kStop), "");
  EXPECT_EQ(error_of(ping, Channel::kStop), "sequence");
}

TEST_F(ProtocolTest, AStopIsHeardInWhateverOrderAndWithoutAnId) {
  EXPECT_EQ(error_of(stop(kSession, 10, 1), Channel::kStop), "");
  EXPECT_EQ(error_of(stop(kSession, 10, 1), Channel::kStop), "");
  EXPECT_EQ(error_of(stop(kSession, 1, 0), Channel::kCommands), "");
  cycle(1);
  EXPECT_EQ(mode(), Mode::kStopped);
  for (const wire::Event& event : news())
    EXPECT_EQ(event.detail(), event.reason() == wire::REASON_STOP_REQUESTED ? "a test" : "");
}

TEST_F(ProtocolTest, TheWordsOfALongStopAreCutBetweenCharacters) {
  wire::Request long_stop = stop(kSession, 1, 1);
  std::string words = "x";
  for (int i = 0; i < 200; ++i) words += "\u00e4";
  long_stop.mutable_stop()->set_detail(words);
  handle(long_stop);
  cycle(1);
  EXPECT_EQ(news().back().detail(), words.substr(0, 255));
}

TEST_F(ProtocolTest, NothingButStopsComesThroughTheStopChannel) {
  EXPECT_EQ(error_of(acquire(kSession, 1, 1), Channel::kStop), "wrong_socket");
}

TEST_F(ProtocolTest, AStopActsInTheNextCycleHoweverManyCommandsWait) {
  for (std::uint64_t i = 1; i <= 200; ++i) handle(acquire(kSession, i, i));
  EXPECT_EQ(error_of(acquire(kSession, 300, 300)), "busy");
  EXPECT_EQ(error_of(stop(kSession, 1, 301), Channel::kStop), "");
  cycle(1);
  EXPECT_EQ(mode(), Mode::kStopped);
  EXPECT_EQ(answer_to(301).kind(), wire::EVENT_ACCEPTED);
  for (int i = 0; i < 100 && protocol.is_busy(); ++i) cycle(1);
  EXPECT_FALSE(protocol.is_busy());
  EXPECT_EQ(mode(), Mode::kStopped);
}

TEST_F(ProtocolTest, AHeartbeatWhoseCounterStandsStillIsNoSignOfLife) {
  handle(acquire(kSession, 1, 1));
  handle(heartbeat(kSession, 2, 1));
  cycle(1);
  ASSERT_EQ(mode(), Mode::kArmed);
  for (std::uint64_t i = 3; i < 70; ++i) {
    handle(heartbeat(kSession, i, 1));
    cycle(10);
  }
  EXPECT_EQ(mode(), Mode::kDisarmed);
}

TEST_F(ProtocolTest, HeartbeatsThatAdvanceKeepTheLease) {
  handle(acquire(kSession, 1, 1));
  for (std::uint64_t i = 2; i < 70; ++i) {
    handle(heartbeat(kSession, i, i));
    cycle(10);
  }
  EXPECT_EQ(mode(), Mode::kArmed);
}

TEST_F(ProtocolTest, TheFreeClockCanBeatForWhoeverHoldsTheLease) {
  handle(acquire(kSession, 1, 1));
  cycle(1);
  for (int i = 0; i < 70; ++i) {
    protocol.beat_for_lease_holder();
    cycle(10);
  }
  EXPECT_EQ(mode(), Mode::kArmed);
}

TEST_F(ProtocolTest, APlanThatWaitedWhileTheCycleStoodStillExpires) {
  handle(acquire(kSession, 1, 1));
  cycle(1);
  handle(move(kSession, 2, 2, 0.1, 0.1, 0.05));
  now_ns += 49 * kMs;  // with the next cycle 50 ms: still in time
  cycle(1);
  EXPECT_EQ(answer_to(2).kind(), wire::EVENT_ACCEPTED);

  handle(stop(kSession, 3, 3));
  cycle(1000);
  wire::Request clear = request(kSession, 4);
  clear.mutable_clear()->set_id(4);
  handle(clear);
  cycle(1);
  handle(acquire(kSession, 5, 5));
  cycle(1);
  ASSERT_EQ(mode(), Mode::kArmed);
  handle(move(kSession, 6, 6, 0.2, 0.1, 0.05));
  now_ns += 50 * kMs;
  cycle(1);
  const wire::Event answer = answer_to(6);
  EXPECT_EQ(answer.kind(), wire::EVENT_REJECTED);
  EXPECT_EQ(answer.reason(), wire::REASON_EXPIRED);
}

TEST_F(ProtocolTest, EventsComeAgainFromAGivenOneOn) {
  handle(acquire(kSession, 1, 1));
  cycle(1);
  handle(stop(kSession, 2, 2));
  cycle(1);
  const std::vector<wire::Event> all = news();
  ASSERT_GE(all.size(), 3u);
  wire::Request replay = request(kSession, 3);
  replay.mutable_replay()->set_from_sequence(all[1].sequence());
  const Handled handled = handle(replay);
  ASSERT_EQ(handled.replies.size(), all.size() - 1);
  for (std::size_t i = 0; i < handled.replies.size(); ++i) {
    EXPECT_EQ(reply_of(handled.replies[i]).event().SerializeAsString(), all[i + 1].SerializeAsString());
  }
}

TEST_F(ProtocolTest, TheHistoryIsBoundedAndSaysSo) {
  for (std::uint64_t i = 1; protocol.last_event_sequence() <= kEventHistory + 100; ++i) {
    handle(stop(kSession, i, i));
    cycle(1);
  }
  wire::Request replay = request(kSession + 1, 1);
  replay.mutable_replay()->set_from_sequence(1);
  const Handled handled = handle(replay);
  ASSERT_EQ(handled.replies.size(), kMaxReplay);
  EXPECT_EQ(reply_of(handled.replies[0]).error().code(), "replay_gap");
  const std::uint64_t oldest = protocol.last_event_sequence() - kEventHistory + 1;
  EXPECT_EQ(reply_of(handled.replies[1]).event().sequence(), oldest);
}

TEST_F(ProtocolTest, OnlySoManySessionsAreRememberedAndTheLiveOneIsAmongThem) {
  handle(acquire(kSession, 100, 1));
  for (std::uint64_t other = 1000; other < 1000 + 2 * kMaxSessions; ++other) {
    handle(request(other, 1));
    if (other % 10 == 0) handle(heartbeat(kSession, other, other));
  }
  EXPECT_EQ(error_of(acquire(kSession, 100, 2)), "sequence");
}

TEST_F(ProtocolTest, RandomBytesNeverMoveTheArm) {
  std::mt19937 random(1);
  const std::string good = bytes_of(move(kSession, 5, 5, 0.1));
  handle(acquire(kSession, 1, 1));
  cycle(1);
  const double y_before_m = controller.snapshot().p_base_tool_m[1];
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    if (i % 2 == 0) {
      bytes.resize(random() % 200);
      for (char& byte : bytes) byte = static_cast<char>(random());
    } else {
      bytes.resize(random() % good.size());  // cut off, never whole
    }
    protocol.handle(bytes, i % 3 == 0 ? Channel::kStop : Channel::kCommands, now_ns);
  }
  cycle(100);
  EXPECT_EQ(controller.snapshot().p_base_tool_m[1], y_before_m);
}

TEST_F(ProtocolTest, HandlesOnOneThreadWhileAnotherPublishesAndAThirdCycles) {
  std::atomic<bool> ending{false};
  std::atomic<std::int64_t> time_ns{now_ns};
  Controller core(config, start_joints(config));
  Protocol shared(core, config, "test", [&] { return time_ns.load(); });
  std::thread cycles([&] {
    Reference wanted;
    wanted.q_rad = start_joints(config);
    while (!ending) core.cycle(time_ns += kMs, {.q_rad = wanted.q_rad, .dq_radps = wanted.dq_radps}, wanted);
  });
  std::uint64_t seen = 0;
  std::thread publishes([&] {
    std::vector<LoggedEvent> events;
    while (!ending) {
      shared.events_since(seen, events);
      shared.state();
      shared.is_busy();
    }
  });
  for (std::uint64_t i = 1; i <= 2000; ++i) shared.handle(bytes_of(stop(kSession, i, i)), Channel::kStop, time_ns);
  while (shared.is_busy()) std::this_thread::yield();
  ending = true;
  cycles.join();
  publishes.join();
  EXPECT_EQ(core.snapshot().mode, Mode::kStopped) << to_string(core.snapshot().reason);
}

}  // namespace
}  // namespace cliport::test
