// libfranka runs its control loop at the highest real-time priority, and some of its waits are busy loops once the
// robot's computer has closed the connection (0.9.2, Network::tcpBlockingReceiveResponse). At that priority such a loop
// takes a processor away from everything else on the machine.
#pragma once

namespace cliport::fci {

/// From now on a real-time thread of this process that runs for 200 ms without ever sleeping loses its priority, and
/// nothing else. The control loop sleeps every millisecond. Process-wide; calls after the first change nothing.
/// @return false when the system refuses
bool guard_realtime();

}  // namespace cliport::fci
