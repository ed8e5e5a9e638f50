// The Franka hand as the network sees it: the gripper service (TCP 1338, state over UDP), version 3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cliport::fci {

struct HandServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t version = 3;
  double width_m = 0.04;
  double max_width_m = 0.08;
  bool homed = false;
  std::optional<double> object_width_m;  ///< what stands between the fingers
  double time_scale = 1.0;               ///< motions last this share of their true time
};

struct HandReceived {
  std::uint64_t connects = 0;
  std::uint64_t homings = 0;
  std::uint64_t moves = 0;
  std::uint64_t grasps = 0;
  std::uint64_t stops = 0;
  double grasp_force_n = 0.0;
};

struct HandView {
  double width_m = 0.0;
  bool is_grasped = false;
};

class HandServer {
 public:
  /// @throws std::runtime_error when the address is taken
  explicit HandServer(const HandServerOptions& options);
  ~HandServer();
  HandServer(const HandServer&) = delete;
  HandServer& operator=(const HandServer&) = delete;

  // Any thread.
  HandReceived received() const;
  HandView view() const;
  void put_object(std::optional<double> width_m);
  /// Commands are taken and never answered.
  void hang(bool hanging);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport::fci
