// The link's round trip without Node: a C++ peer on the sockets of a controller, for comparison with the runtime.
//
//   cliport-bench-link ADDRESS
// Reads lines 'command N' or 'ping N', does N round trips one after the other, and answers each line with one JSON
// array of their durations in microseconds. A command is a Clear of an arm that is disarmed, which changes nothing; its
// acknowledgement comes from the control loop. A ping is answered by the sockets' thread.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <zmq.hpp>

#include "link.pb.h"
#include "realtime.hpp"

namespace {

namespace wire = cliport::link::v2;

class Peer {
 public:
  explicit Peer(const std::string& address) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 5000);
    // CURVE keys in Z85, as zmq_curve_keypair makes them; absent where the controller asks for none.
    if (std::getenv("CLIPORT_BENCH_SERVER_KEY") != nullptr) {
      socket_.set(zmq::sockopt::curve_serverkey, key_of("CLIPORT_BENCH_SERVER_KEY"));
      socket_.set(zmq::sockopt::curve_publickey, key_of("CLIPORT_BENCH_PUBLIC_KEY"));
      socket_.set(zmq::sockopt::curve_secretkey, key_of("CLIPORT_BENCH_SECRET_KEY"));
    }
    socket_.connect(address);
  }

  void ping() {
    wire::Request request = begin();
    request.mutable_ping();
    send(request);
    while (!receive().has_pong()) {
    }
  }

  void command() {
    wire::Request request = begin();
    request.mutable_clear()->set_id(++id_);
    send(request);
    await(wire::EVENT_ACCEPTED);
  }

 private:
  static std::string key_of(const char* variable) {
    const char* key = std::getenv(variable);
    if (key == nullptr) throw std::runtime_error(std::string(variable) + " is not set");
    return key;
  }

  wire::Request begin() {
    wire::Request request;
    request.mutable_header()->set_version(2);
    request.mutable_header()->set_session(session_);
    request.mutable_header()->set_sequence(++sequence_);
    return request;
  }

  void send(const wire::Request& request) {
    socket_.send(zmq::message_t(request.SerializeAsString()), zmq::send_flags::none);
  }

  wire::Reply receive() {
    zmq::message_t message;
    if (!socket_.recv(message)) throw std::runtime_error("the controller did not answer within 5 s");
    wire::Reply reply;
    if (!reply.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      throw std::runtime_error("what came is no Reply");
    }
    return reply;
  }

  void await(wire::EventKind kind) {
    for (;;) {
      const wire::Reply reply = receive();
      if (reply.has_error()) throw std::runtime_error(reply.error().message());
      if (!reply.has_event() || reply.event().command_id() != id_) continue;
      if (reply.event().kind() == kind) return;
      if (reply.event().kind() == wire::EVENT_REJECTED)
        throw std::runtime_error(wire::Reason_Name(reply.event().reason()));
    }
  }

  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::dealer};
  std::uint64_t session_ = std::random_device{}() | 1u;
  std::uint64_t sequence_ = 0;
  std::uint64_t id_ = 0;
};

void run(Peer& peer, const std::string& what, int count) {
  std::string json = "[";
  for (int i = 0; i < count; ++i) {
    const std::int64_t begin_ns = cliport::monotonic_ns();
    if (what == "ping") {
      peer.ping();
    } else {
      peer.command();
    }
    const double us = static_cast<double>(cliport::monotonic_ns() - begin_ns) * 1e-3;
    json += (i == 0 ? "" : ",") + std::to_string(us);
  }
  std::cout << json << "]" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("Usage: cliport-bench-link ADDRESS\n", stderr);
    return 2;
  }
  try {
    Peer peer(argv[1]);
    std::string what;
    for (int count = 0; std::cin >> what >> count;) run(peer, what, count);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cliport-bench-link: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
