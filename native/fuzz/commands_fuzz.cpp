// Any sequence of well-formed commands with any numbers in them, and any troubles of the arm: no limit is exceeded.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "cliport/controller.hpp"

namespace {

using namespace cliport;

void expect(bool holds) {
  if (!holds) std::abort();
}

/// Numbers from the fuzzer's bytes; zeros when they are used up.
class Source {
 public:
  explicit Source(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }

  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  /// Mostly within the range, sometimes anything that a double can be.
  double number(double low, double high) {
    const std::uint8_t kind = byte();
    if (kind >= 250) {
      std::array<std::uint8_t, 8> raw{};
      for (std::uint8_t& value : raw) value = byte();
      double value = 0.0;
      std::memcpy(&value, raw.data(), sizeof value);
      return value;
    }
    return low + (high - low) * (kind + byte() / 256.0) / 250.0;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

Segment segment_from(Source& source, const Joints& q_rad) {
  Segment segment;
  segment.kind = static_cast<SegmentKind>(source.byte() % 5);
  const Transform T = forward(q_rad, Tool{});
  const bool down = segment.kind == SegmentKind::kDescend;
  segment.p_base_m = {down ? T[3] : source.number(0.05, 0.85), down ? T[7] : source.number(-0.65, 0.65),
                      source.number(-0.05, 0.7)};
  segment.yaw_rad = source.number(-3.2, 3.2);
  segment.speed_mps = source.number(0.0, 0.62);
  segment.contact_speed_mps = source.byte() % 2 == 0 ? 0.0 : source.number(-0.1, 0.62);
  if (segment.kind != SegmentKind::kJoints) return segment;
  for (std::size_t i = 0; i < 7; ++i) segment.q_rad[i] = q_rad[i] + source.number(-0.5, 0.5);
  return segment;
}

struct Arm {
  const ControllerConfig config = config_for(ArmModel::kPanda);
  Joints q{}, dq{}, ddq{};

  void restart(const Joints& q_rad) {
    q = q_rad;
    dq = ddq = {};
  }
  void follow(const Joints& q_rad) {
    const JointLimits& limits = config.joint_limits;
    for (std::size_t i = 0; i < 7; ++i) {
      const double v = (q_rad[i] - q[i]) / 0.001;
      const double a = (v - dq[i]) / 0.001;
      expect(q_rad[i] >= limits.q_min_rad[i] && q_rad[i] <= limits.q_max_rad[i]);
      expect(std::abs(v) <= limits.dq_max_radps[i]);
      expect(std::abs(a) <= limits.ddq_max_radps2[i]);
      expect(std::abs(a - ddq[i]) / 0.001 <= limits.jerk_max_radps3[i]);
      q[i] = q_rad[i];
      dq[i] = v;
      ddq[i] = a;
    }
  }
};

void fuzz(Source source) {
  Arm arm;
  Joints home{};
  expect(inverse({0.45, 0.0, 0.3}, 0.0, Tool{}, arm.config.joint_limits, 0.1, home));
  arm.restart(home);
  Controller controller(arm.config, home);
  Measured measured;
  measured.q_rad = home;
  Reference reference;
  std::int64_t now_ns = 1'000'000'000;
  std::uint64_t id = 0;
  Mode before = Mode::kDisarmed;
  for (int round = 0; round < 64 && !source.empty(); ++round) {
    Command command;
    command.session = source.byte() % 8 == 7 ? 2 : 1;
    command.id = source.byte() % 16 == 15 ? id : ++id;
    command.received_ns = now_ns;
    const std::uint8_t kind = source.byte();
    command.kind = static_cast<CommandKind>(kind % 7);
    if (command.kind == CommandKind::kPlan) {
      command.segment_count = kind / 7 % 6;
      for (std::uint32_t i = 0; i < command.segment_count; ++i) {
        command.segments[i] = segment_from(source, reference.drive ? reference.q_rad : home);
      }
    }
    controller.post(command);
    const std::uint8_t trouble = source.byte();
    for (int k = source.byte() * 4; k >= 0; --k) {
      now_ns += 1'000'000;
      if (trouble < 240) controller.post({.kind = CommandKind::kHeartbeat, .session = 1, .received_ns = now_ns});
      measured.contact = trouble % 16 == 1;
      measured.holding = trouble % 16 == 2;
      measured.f_ext_base_n[2] = trouble % 16 == 3 ? 50.0 : 0.0;
      measured.fault = trouble % 16 == 4 && k == 0 ? Reason::kJointReflex : Reason::kNone;
      if (trouble % 16 == 5 && k == 0) measured.q_rad[trouble / 16 % 7] += 0.2;
      if (trouble % 16 == 6 && k == 0) measured.dq_radps[0] = std::nan("");
      controller.cycle(now_ns, measured, reference);
      const Mode mode = controller.snapshot().mode;
      if (before == Mode::kDisarmed && mode != Mode::kDisarmed) arm.restart(reference.q_rad);
      before = mode;
      arm.follow(reference.q_rad);
      expect(controller.snapshot().reason != Reason::kReferenceInvalid);
      measured.q_rad = reference.q_rad;
      measured.dq_radps = reference.dq_radps;
      for (Event event; controller.poll(event);) {
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz(Source({data, size}));
  return 0;
}
