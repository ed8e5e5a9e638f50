// Requests and answers of a service as they travel over TCP: a header with the message's size, then the payload.
#pragma once

#include <research_interface/robot/service_types.h>

#include <cstring>
#include <optional>
#include <vector>

#include "sockets.hpp"

namespace cliport::fci {

/// @tparam Header a service's CommandHeader
template <typename Header>
struct RequestOf {
  Header header{};
  std::vector<std::uint8_t> payload;

  /// The payload where it lies, as a packed message; nullptr when its size is another.
  template <typename T>
  const T* as() const {
    return payload.size() == sizeof(T) ? reinterpret_cast<const T*>(payload.data()) : nullptr;
  }
};

/// Appends the answer to a request: header, then status and whatever else belongs to it, packed.
template <typename Header, typename... Fields>
void append_answer(const RequestOf<Header>& request, std::vector<std::uint8_t>& answers, const Fields&... fields) {
  const auto append = [&answers](const auto& field) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&field);
    answers.insert(answers.end(), bytes, bytes + sizeof field);
  };
  append(Header(request.header.command, request.header.command_id, sizeof(Header) + (sizeof(Fields) + ...)));
  (append(fields), ...);
}

template <typename Header>
class RequestReaderOf {
 public:
  /// Reads what is there. @param timeout_us how long to wait for something @return false at the peer's end
  bool read(const Socket& socket, std::int64_t timeout_us) {
    if (!socket.readable(timeout_us)) return true;
    std::array<std::uint8_t, 4096> bytes;
    const ssize_t size = socket.receive(bytes);
    if (size <= 0) return false;
    pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + size);
    return true;
  }

  /// The oldest complete request.
  std::optional<RequestOf<Header>> next() {
    RequestOf<Header> request;
    if (pending_.size() < sizeof(Header)) return std::nullopt;
    std::memcpy(static_cast<void*>(&request.header), pending_.data(), sizeof(Header));
    if (request.header.size < sizeof(Header) || pending_.size() < request.header.size) return std::nullopt;
    request.payload.assign(pending_.begin() + sizeof(Header), pending_.begin() + request.header.size);
    pending_.erase(pending_.begin(), pending_.begin() + request.header.size);
    return request;
  }

 private:
  std::vector<std::uint8_t> pending_;
};

using Request = RequestOf<research_interface::robot::CommandHeader>;

}  // namespace cliport::fci
