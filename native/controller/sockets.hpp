// ZeroMQ as the socket threads use it: cppzmq owns contexts, sockets and messages, and sets their options. What a
// thread does in its rounds reports by value: an interrupted call is no reason to end a thread that serves an arm.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <zmq.hpp>

namespace cliport {

/// A socket that forgets what is unsent when it closes. @param max_message_bytes libzmq drops who sends more
/// @throws BindError
zmq::socket_t open_socket(zmq::context_t& context, zmq::socket_type type, std::int64_t max_message_bytes);

/// @param purpose what the socket is for, @param remedy what to do when the address is taken; both go into the message
/// @throws BindError
void bind_socket(zmq::socket_t& socket, const std::string& address, const std::string& purpose,
                 const std::string& remedy);

/// @return the port in `text`, 1 to 65532 since three more follow it, or 0 when it is none
int base_port_of(std::string_view text);

/// Takes what has come. @return false when nothing has, or the call was interrupted (zmq_errno())
bool receive_now(zmq::socket_ref socket, zmq::message_t& message) noexcept;

/// Sends a frame; what a slow peer has no room for is dropped. @return whether libzmq took it
bool send_now(zmq::socket_ref socket, std::string_view bytes, bool more_follow = false) noexcept;

/// To wait on.
inline zmq::pollitem_t readable(zmq::socket_ref socket) { return {socket.handle(), 0, ZMQ_POLLIN, 0}; }

/// Waits until one of the items can be read, at most `timeout_ms`.
void wait_readable(std::span<zmq::pollitem_t> items, std::int64_t timeout_ms) noexcept;

}  // namespace cliport
