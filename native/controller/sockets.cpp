#include "sockets.hpp"

#include <algorithm>
#include <charconv>

#include "endpoint.hpp"

namespace cliport {

zmq::socket_t open_socket(zmq::context_t& context, zmq::socket_type type, std::int64_t max_message_bytes) {
  try {
    zmq::socket_t socket(context, type);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, max_message_bytes);
    return socket;
  } catch (const zmq::error_t& error) {
    throw BindError(std::string("Could not open a socket: ") + error.what());
  }
}

void bind_socket(zmq::socket_t& socket, const std::string& address, const std::string& purpose,
                 const std::string& remedy) {
  try {
    socket.bind(address);
  } catch (const zmq::error_t& error) {
    throw BindError("Could not bind " + address + " (" + purpose + "): " + error.what() +
                    ". Is another controller running? End it, or " + remedy + ".");
  }
}

int base_port_of(std::string_view text) {
  int port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  return error == std::errc() && end == last && port >= 1 && port <= 65532 ? port : 0;
}

// libzmq's own functions, because cppzmq throws when a signal interrupts the call.

bool receive_now(zmq::socket_ref socket, zmq::message_t& message) noexcept {
  return zmq_msg_recv(message.handle(), socket.handle(), ZMQ_DONTWAIT) >= 0;
}

bool send_now(zmq::socket_ref socket, std::string_view bytes, bool more_follow) noexcept {
  return zmq_send(socket.handle(), bytes.data(), bytes.size(), ZMQ_DONTWAIT | (more_follow ? ZMQ_SNDMORE : 0)) >= 0;
}

void wait_readable(std::span<zmq::pollitem_t> items, std::int64_t timeout_ms) noexcept {
  zmq_poll(items.data(), static_cast<int>(items.size()), static_cast<long>(std::max<std::int64_t>(0, timeout_ms)));
}

}  // namespace cliport
