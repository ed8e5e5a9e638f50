// deoxys' four sockets in front of a simulated controller, on a thread of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cliport/controller.hpp"
#include "protocol.hpp"

namespace cliport {

/// Lets deoxys' own clients drive the arm. With PORT from the address: connects to the client's command sockets PORT
/// (arm) and PORT+2 (gripper), binds the states PORT+1 (arm, 100 Hz) and PORT+3 (gripper, 40 Hz). The protocol knows
/// neither lease nor authentication: for simulated arms on loopback only (deoxys_session.hpp says what holds anyway).
class DeoxysFrontEnd {
 public:
  /// @param address 'tcp://127.0.0.1:5555'
  /// @param realtime_priority asks for SCHED_FIFO; 0: an ordinary thread
  /// @param protocol takes the commands, so that all front ends are one thread to the controller; outlives this
  /// @throws BindError when the address is malformed, not loopback, or a port is taken
  DeoxysFrontEnd(Protocol& protocol, const Controller& controller, const ControllerConfig& config,
                 const std::string& address, int realtime_priority);
  ~DeoxysFrontEnd();
  DeoxysFrontEnd(const DeoxysFrontEnd&) = delete;
  DeoxysFrontEnd& operator=(const DeoxysFrontEnd&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cliport
