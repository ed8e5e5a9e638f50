// The link's round trip without Node: a C++ peer on the sockets of a controller, for comparison with the runtime.
//
//   cliport-bench-link ADDRESS
// Reads lines 'command N' or 'ping N', does N round trips one after the other, and answers each line with one JSON
// array of their durations in microseconds. A command is a Clear of an arm that is disarmed, which changes nothing; its
// acknowledgement comes from the control loop. A ping is answered by the sockets' thread.
#include <zmq.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>

#include "link.pb.h"
#include "realtime.hpp"

namespace {

namespace wire = cliport::link::v2;

class Peer {
 public:
  explicit Peer(const std::string& address) : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_DEALER)) {
    const int linger = 0;
    const int patience_ms = 5000;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
    // CURVE keys in Z85, as zmq_curve_keypair makes them; absent where the controller asks for none.
    if (const char* server = std::getenv("CLIPORT_BENCH_SERVER_KEY"); server != nullptr) {
      set_key(ZMQ_CURVE_SERVERKEY, server);
      set_key(ZMQ_CURVE_PUBLICKEY, std::getenv("CLIPORT_BENCH_PUBLIC_KEY"));
      set_key(ZMQ_CURVE_SECRETKEY, std::getenv("CLIPORT_BENCH_SECRET_KEY"));
    }
    if (zmq_connect(socket_, address.c_str()) != 0) throw std::runtime_error("cannot connect to " + address);
  }
  ~Peer() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

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
  void set_key(int option, const char* key) {
    if (key == nullptr || zmq_setsockopt(socket_, option, key, 41) != 0) throw std::runtime_error("a key is no key");
  }

  wire::Request begin() {
    wire::Request request;
    request.mutable_header()->set_version(2);
    request.mutable_header()->set_session(session_);
    request.mutable_header()->set_sequence(++sequence_);
    return request;
  }

  void send(const wire::Request& request) {
    const std::string bytes = request.SerializeAsString();
    if (zmq_send(socket_, bytes.data(), bytes.size(), 0) < 0) throw std::runtime_error("cannot send");
  }

  wire::Reply receive() {
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket_, 0) < 0) throw std::runtime_error("the controller did not answer within 5 s");
    wire::Reply reply;
    const bool is_reply = reply.ParseFromArray(zmq_msg_data(&message), static_cast<int>(zmq_msg_size(&message)));
    zmq_msg_close(&message);
    if (!is_reply) throw std::runtime_error("what came is no Reply");
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

  void* context_;
  void* socket_;
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
