// Any bytes as requests of the link, in front of a controller whose cycle runs: nothing crashes, every reply is
// readable.
//
// Input: records of one byte of length and so many bytes, each a message; the first byte's highest bit picks the
// socket.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cliport/controller.hpp"
#include "link.pb.h"
#include "protocol.hpp"
#include "sim/robot.hpp"

namespace {

using namespace cliport;

void expect(bool holds) {
  if (!holds) std::abort();
}

void fuzz(std::string_view input) {
  const ControllerConfig config;
  std::int64_t now_ns = 1'000'000'000;
  sim::RobotConfig robot_config;
  robot_config.arm.surface_z_m = -1.0;  // nothing to run into
  sim::Robot robot(robot_config, sim::start_posture());
  Controller controller(config, robot.measured().q_rad);
  Protocol protocol(controller, config, "sim", [&] { return now_ns; });
  Reference reference;
  const auto cycle = [&] {
    now_ns += 1'000'000;
    controller.cycle(now_ns, robot.measured(), reference);
    robot.step(&reference);
  };
  cycle();
  while (input.size() >= 2) {
    const unsigned head = static_cast<unsigned char>(input[0]) | static_cast<unsigned char>(input[1]) << 8;
    input.remove_prefix(2);
    const std::string_view request = input.substr(0, head & 0x7fff);
    input.remove_prefix(request.size());
    const Handled handled = protocol.handle(request, head & 0x8000 ? Channel::kStop : Channel::kCommands, now_ns);
    for (const std::string& bytes : handled.replies) {
      link::v2::Reply reply;
      expect(reply.ParseFromString(bytes) && reply.header().version() == kLinkVersion);
    }
    for (int i = 0; i < 3; ++i) cycle();
  }
  std::uint64_t cursor = 0;
  std::vector<LoggedEvent> events;
  protocol.events_since(cursor, events);
  for (const LoggedEvent& event : events) {
    link::v2::Reply reply;
    expect(reply.ParseFromString(*event.reply) && reply.has_event());
  }
  link::v2::State state;
  expect(state.ParseFromString(protocol.state()) && state.q_rad_size() == 7);
  // The robot's own rules are the judge: no sequence of messages makes the controller break one.
  expect(robot.measured().fault == Reason::kNone);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
