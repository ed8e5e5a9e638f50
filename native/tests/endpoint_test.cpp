#include "endpoint.hpp"

#include <gtest/gtest.h>
#include <zmq.h>

#include <array>
#include <atomic>
#include <thread>

#include "link_messages.hpp"
#include "sim/arm.hpp"

namespace cliport::test {
namespace {

constexpr std::uint64_t kSession = 21;
constexpr std::int64_t kMs = 1'000'000;

/// Keys of both ends, the same in all tests.
struct TestKeys {
  ControllerKeys controller;
  RuntimeKeys runtime;
};
const TestKeys& test_keys() {
  static const TestKeys keys = [] {
    const KeyPair controller = make_key_pair();
    const KeyPair runtime = make_key_pair();
    return TestKeys{{controller.secret_key, {runtime.public_key}}, {controller.public_key, runtime}};
  }();
  return keys;
}

/// A peer's socket. Blocking, with a time-out so long that only a hang reaches it.
class PeerSocket {
 public:
  PeerSocket(int type, const std::string& address, const RuntimeKeys& keys = test_keys().runtime)
      : socket_(zmq_socket(context_, type)) {
    zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, keys.controller_public_key.c_str(), 41);
    zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, keys.own.public_key.c_str(), 41);
    zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, keys.own.secret_key.c_str(), 41);
    const int linger = 0;
    const int patience_ms = 20'000;
    zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
    if (type == ZMQ_SUB) zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, "", 0);
    EXPECT_EQ(zmq_connect(socket_, address.c_str()), 0);
  }
  ~PeerSocket() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  void send(std::string_view bytes, bool more = false) {
    zmq_send(socket_, bytes.data(), bytes.size(), more ? ZMQ_SNDMORE : 0);
  }
  std::string receive() {
    std::string bytes(1 << 16, '\0');
    const int size = zmq_recv(socket_, bytes.data(), bytes.size(), 0);
    EXPECT_GE(size, 0) << "nothing came: " << zmq_strerror(zmq_errno());
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  bool has_news() {
    zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
    return zmq_poll(&item, 1, 10) > 0;
  }
  wire::Reply reply() { return reply_of(receive()); }
  wire::Reply ask(const wire::Request& message) {
    send(bytes_of(message));
    return reply();
  }

 private:
  void* context_ = zmq_ctx_new();
  void* socket_;
};

/// Endpoint, protocol, core and simulated arm; cycles run on a thread of their own.
class EndpointTest : public ::testing::Test {
 protected:
  EndpointTest()
      : arm({}, start_joints(config)),
        controller(config, start_joints(config)),
        protocol(controller, config, "test", [this] { return time_ns.load(); }),
        endpoint(std::make_unique<Endpoint>(
            protocol, Endpoint::Options{.address = "tcp://127.0.0.1:*", .keys = test_keys().controller})) {}

  ~EndpointTest() override {
    ending = true;
    if (cycles.joinable()) cycles.join();
  }

  /// A thousandth of a second of controller time per cycle, as fast as it goes; heartbeats are not needed in it.
  void start_cycles() {
    cycles = std::thread([this] {
      Reference reference;
      reference.q_rad = start_joints(config);
      while (!ending) {
        protocol.beat_for_lease_holder();
        controller.cycle(time_ns += kMs, arm.measured(), reference);
        arm.step(reference);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
  }

  std::string port(int port) { return "tcp://127.0.0.1:" + std::to_string(port); }

  std::atomic<std::int64_t> time_ns{0};
  std::atomic<bool> ending{false};
  const ControllerConfig config;
  sim::Arm arm;
  Controller controller;
  Protocol protocol;
  std::unique_ptr<Endpoint> endpoint;
  std::thread cycles;
};

TEST_F(EndpointTest, HelloNamesTheOtherSocketsAndTheyAreThere) {
  start_cycles();
  PeerSocket commands(ZMQ_DEALER, endpoint->address());
  wire::Request hello = request(kSession, 1);
  hello.mutable_hello();
  const wire::Welcome welcome = commands.ask(hello).welcome();
  PeerSocket states(ZMQ_SUB, port(static_cast<int>(welcome.state_port())));
  wire::State state;
  ASSERT_TRUE(state.ParseFromString(states.receive()));
  EXPECT_EQ(state.header().session(), welcome.instance());
  EXPECT_EQ(state.q_rad_size(), 7);
  PeerSocket stops(ZMQ_DEALER, port(static_cast<int>(welcome.stop_port())));
  wire::Request ping = request(kSession, 1);
  ping.mutable_ping();
  EXPECT_TRUE(stops.ask(ping).has_pong());
}

TEST_F(EndpointTest, AnswersGoToTheSenderAndAllEventsToTheEventStream) {
  PeerSocket events(ZMQ_SUB, port(endpoint->ports().event));
  start_cycles();
  PeerSocket herald(ZMQ_DEALER, endpoint->address());
  // Until the subscription has arrived, events pass it by.
  for (std::uint64_t i = 1; !events.has_news(); ++i) herald.ask(acquire(kSession + 2, i, i));
  wire::Request release = request(kSession + 2, 1'000'000);
  release.mutable_release()->set_id(1'000'000);
  herald.send(bytes_of(release));
  while (controller.snapshot().lease_session != 0) std::this_thread::yield();
  PeerSocket first(ZMQ_DEALER, endpoint->address());
  PeerSocket second(ZMQ_DEALER, endpoint->address());
  const wire::Event accepted = first.ask(acquire(kSession, 1, 1)).event();
  EXPECT_EQ(accepted.kind(), wire::EVENT_ACCEPTED);
  const wire::Event rejected = second.ask(acquire(kSession + 1, 1, 2)).event();
  EXPECT_EQ(rejected.kind(), wire::EVENT_REJECTED);
  EXPECT_EQ(rejected.reason(), wire::REASON_LEASE_TAKEN);
  std::uint64_t last = 0;
  bool saw_accepted = false;
  for (bool saw_rejected = false; !saw_rejected && !HasFailure();) {
    const wire::Event event = events.reply().event();
    EXPECT_TRUE(last == 0 || event.sequence() == last + 1) << "an event is missing";
    last = event.sequence();
    saw_accepted = saw_accepted || event.SerializeAsString() == accepted.SerializeAsString();
    saw_rejected = event.SerializeAsString() == rejected.SerializeAsString();
  }
  EXPECT_TRUE(saw_accepted);
}

TEST_F(EndpointTest, AStopIsHeardAlthoughMoreCommandsWaitThanTheControllerTakes) {
  PeerSocket commands(ZMQ_DEALER, endpoint->address());
  PeerSocket stops(ZMQ_DEALER, port(endpoint->ports().stop));
  wire::Request ping = request(kSession, 1);
  ping.mutable_ping();
  stops.ask(ping);
  commands.ask(ping);
  for (std::uint64_t i = 2; i < 2000; ++i) commands.send(bytes_of(acquire(kSession, i, i)));
  stops.send(bytes_of(stop(kSession, 2, 5000)));
  start_cycles();
  while (!HasFailure() && controller.snapshot().mode != Mode::kStopped) std::this_thread::yield();
  EXPECT_EQ(controller.snapshot().reason, Reason::kStopRequested);
}

TEST_F(EndpointTest, WhoOnlyHasTheStopSocketIsAnsweredThere) {
  start_cycles();
  PeerSocket stops(ZMQ_DEALER, port(endpoint->ports().stop));
  const wire::Event event = stops.ask(stop(kSession, 1, 1)).event();
  EXPECT_EQ(event.kind(), wire::EVENT_ACCEPTED);
  EXPECT_EQ(event.command_id(), 1u);
}

TEST_F(EndpointTest, BadFramesGetAnErrorAndTheNextGoodOneAnAnswer) {
  start_cycles();
  PeerSocket commands(ZMQ_DEALER, endpoint->address());
  commands.send("");
  EXPECT_EQ(commands.reply().error().code(), "missing_field");  // nothing at all is a Request without its header
  commands.send("two", true);
  commands.send("frames");
  EXPECT_EQ(commands.reply().error().code(), "missing_field");
  commands.send(std::string(kMaxRequestBytes + 1, 'x'));
  EXPECT_EQ(commands.reply().error().code(), "too_large");
  commands.send("\x01\x02");
  EXPECT_EQ(commands.reply().error().code(), "malformed");
  wire::Request ping = request(kSession, 1);
  ping.mutable_ping();
  EXPECT_TRUE(commands.ask(ping).has_pong());
}

TEST_F(EndpointTest, APeerThatNeverReadsDoesNotHoldUpTheOthers) {
  start_cycles();
  PeerSocket deaf(ZMQ_DEALER, endpoint->address());
  wire::Request ping = request(kSession, 0);
  ping.mutable_ping();
  for (std::uint64_t i = 1; i < 20'000; ++i) {
    ping.mutable_header()->set_sequence(i);
    deaf.send(bytes_of(ping));
  }
  PeerSocket other(ZMQ_DEALER, endpoint->address());
  ping.mutable_header()->set_session(kSession + 1);
  EXPECT_TRUE(other.ask(ping).has_pong());
}

TEST_F(EndpointTest, EndsAtOnceWithPeersAndQueuedMessagesAndItsPortsAreFreeAgain) {
  start_cycles();
  PeerSocket commands(ZMQ_DEALER, endpoint->address());
  for (std::uint64_t i = 1; i < 1000; ++i) commands.send(bytes_of(acquire(kSession, i, i)));
  const std::string address = endpoint->address();
  endpoint.reset();
  // Only the base port is asked for again: the three after it belong to whoever has them.
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_ROUTER);
  EXPECT_EQ(zmq_bind(socket, address.c_str()), 0) << zmq_strerror(zmq_errno());
  zmq_close(socket);
  zmq_ctx_term(context);
}

TEST_F(EndpointTest, WhoLeavesHasSentAllThatHappenedUntilThen) {
  PeerSocket events(ZMQ_SUB, port(endpoint->ports().event));
  Reference reference;
  const auto happen = [&] {
    protocol.stop(std::string(256, 'w'));
    controller.cycle(time_ns += kMs, arm.measured(), reference);
  };
  while (!events.has_news()) happen();  // until the subscription has arrived, events pass it by
  for (int i = 0; i < 900; ++i) happen();
  endpoint->leave();
  const std::uint64_t last = protocol.last_event_sequence();
  while (!HasFailure() && events.reply().event().sequence() < last) {
  }
}

TEST_F(EndpointTest, ItTellsWhenASessionWasLastHeardOnTheCommandSocketOnly) {
  time_ns = 5 * kMs;
  PeerSocket commands(ZMQ_DEALER, endpoint->address());
  PeerSocket stops(ZMQ_DEALER, port(endpoint->ports().stop));
  EXPECT_EQ(endpoint->heard_ns(kSession), 0);
  wire::Request ping = request(kSession, 1);
  ping.mutable_ping();
  EXPECT_TRUE(stops.ask(ping).has_pong());
  EXPECT_EQ(endpoint->heard_ns(kSession), 0);
  EXPECT_TRUE(commands.ask(ping).has_pong());
  while (endpoint->heard_ns(kSession) == 0) std::this_thread::yield();
  EXPECT_EQ(endpoint->heard_ns(kSession), 5 * kMs);
  EXPECT_EQ(endpoint->heard_ns(kSession + 1), 0);
}

TEST_F(EndpointTest, AnAddressThatCannotBeServedIsRefusedWithTheReason) {
  const auto complaint = [this](const std::string& address) -> std::string {
    try {
      Endpoint another(protocol, {.address = address, .keys = test_keys().controller});
    } catch (const BindError& error) {
      return error.what();
    }
    return "";
  };
  for (const char* bad :
       {"", "tcp://*:5600", "tcp://no.such.host.invalid:5600", "127.0.0.1:5600", "ipc:///tmp/x", "tcp://127.0.0.1"})
    EXPECT_NE(complaint(bad), "") << bad;
  for (const char* bad_port : {"tcp://127.0.0.1:0", "tcp://127.0.0.1:65533", "tcp://127.0.0.1:x", "tcp://127.0.0.1:"}) {
    EXPECT_NE(complaint(bad_port).find("port"), std::string::npos) << bad_port;
  }
  EXPECT_NE(complaint(endpoint->address()).find("(commands): Address already in use"), std::string::npos);
}

/// The first of libzmq's events about a peer's handshake that says how it ended; 0 when none does.
int handshake_event(const std::string& address, int type, const RuntimeKeys* keys) {
  constexpr int kOutcomes = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, type);
  void* monitor = zmq_socket(context, ZMQ_PAIR);
  const int linger = 0;
  const int patience_ms = 20'000;
  zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
  zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
  if (keys != nullptr) {
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->controller_public_key.c_str(), 41);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->own.public_key.c_str(), 41);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->own.secret_key.c_str(), 41);
  }
  zmq_socket_monitor(socket, "inproc://monitor", kOutcomes);
  zmq_connect(monitor, "inproc://monitor");
  zmq_connect(socket, address.c_str());
  std::array<std::uint8_t, 6> event{};
  int outcome = 0;
  if (zmq_recv(monitor, event.data(), event.size(), 0) == 6) outcome = event[0] | event[1] << 8;
  zmq_socket_monitor(socket, nullptr, 0);
  zmq_close(socket);
  zmq_close(monitor);
  zmq_ctx_term(context);
  return outcome;
}

TEST_F(EndpointTest, NoSocketLetsAPeerInWithoutAKeyOfTheList) {
  const RuntimeKeys stranger{test_keys().runtime.controller_public_key, make_key_pair()};
  const RuntimeKeys misled{make_key_pair().public_key, test_keys().runtime.own};
  const LinkPorts& ports = endpoint->ports();
  for (const auto& [address, type] : {std::pair(endpoint->address(), ZMQ_DEALER),
                                      {port(ports.state), ZMQ_SUB},
                                      {port(ports.event), ZMQ_SUB},
                                      {port(ports.stop), ZMQ_DEALER}}) {
    EXPECT_EQ(handshake_event(address, type, &test_keys().runtime), ZMQ_EVENT_HANDSHAKE_SUCCEEDED) << address;
    EXPECT_EQ(handshake_event(address, type, &stranger), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) << address;
    EXPECT_EQ(handshake_event(address, type, &misled), ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) << address;
    const int without = handshake_event(address, type, nullptr);
    EXPECT_TRUE(without == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL || without == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL);
  }
}

TEST_F(EndpointTest, ItSaysWhetherOtherMachinesReachIt) {
  EXPECT_FALSE(endpoint->is_beyond_loopback());
  Endpoint open(protocol, {.address = "tcp://0.0.0.0:*", .keys = test_keys().controller});
  EXPECT_TRUE(open.is_beyond_loopback());
}

TEST(ReceiptStampTest, AMessageIsAtLeastAsOldAsTheLastTimeItsSocketWasEmpty) {
  ReceiptStamp stamp;
  stamp.found_empty(100 * kMs, 7 * kMs);
  EXPECT_EQ(stamp.stamp_ns(), 7 * kMs);
  stamp.found_empty(104 * kMs, 11 * kMs);
  EXPECT_EQ(stamp.stamp_ns(), 11 * kMs);
}

TEST(ReceiptStampTest, AfterAStallWhatTricklesInIsTakenForOldUntilTheSocketHasBeenQuietForAWhile) {
  ReceiptStamp stamp;
  stamp.found_empty(100 * kMs, 100 * kMs);
  const std::int64_t woke_ns = 100 * kMs + ReceiptStamp::kStallNs + 1;
  stamp.found_empty(woke_ns, woke_ns);
  EXPECT_EQ(stamp.stamp_ns(), 100 * kMs);
  stamp.found_empty(woke_ns + ReceiptStamp::kSettleNs - 1, woke_ns + ReceiptStamp::kSettleNs - 1);
  EXPECT_EQ(stamp.stamp_ns(), 100 * kMs);
  stamp.found_empty(woke_ns + ReceiptStamp::kSettleNs, woke_ns + ReceiptStamp::kSettleNs);
  EXPECT_EQ(stamp.stamp_ns(), woke_ns + ReceiptStamp::kSettleNs);
}

}  // namespace
}  // namespace cliport::test
