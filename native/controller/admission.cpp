#include "admission.hpp"

#include <zmq.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace cliport {
namespace {

// Frames of a question: version, request id, domain, peer's address, identity, mechanism, credentials.
constexpr std::size_t kVersion = 0, kRequestId = 1, kDomainFrame = 2, kMechanism = 5, kCredentials = 6;
constexpr std::size_t kKeyBytes = 32;

std::string z85(const std::string& key) {
  std::array<char, 41> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
  return text.data();
}

}  // namespace

Admission::Admission(void* context, const std::vector<std::string>& runtimes)
    : runtimes_(runtimes.begin(), runtimes.end()), socket_(zmq_socket(context, ZMQ_REP)) {
  const int linger = 0;
  if (socket_ != nullptr) zmq_setsockopt(socket_, ZMQ_LINGER, &linger, sizeof linger);
  if (socket_ == nullptr || zmq_bind(socket_, "inproc://zeromq.zap.01") != 0) {
    const std::string why = zmq_strerror(zmq_errno());
    if (socket_ != nullptr) zmq_close(socket_);
    throw std::runtime_error("Could not guard the sockets: " + why);
  }
}

Admission::~Admission() { zmq_close(socket_); }

bool Admission::serve_one() {
  std::vector<std::string> frames;
  for (bool more = true; more;) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, socket_, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&frame);
      return false;
    }
    frames.emplace_back(static_cast<const char*>(zmq_msg_data(&frame)), zmq_msg_size(&frame));
    more = zmq_msg_more(&frame) != 0;
    zmq_msg_close(&frame);
  }
  const bool is_question = frames.size() == kCredentials + 1 && frames[kVersion] == "1.0" &&
                           frames[kDomainFrame] == kDomain && frames[kMechanism] == "CURVE" &&
                           frames[kCredentials].size() == kKeyBytes;
  const bool admitted = is_question && runtimes_.contains(z85(frames[kCredentials]));
  const std::string id = frames.size() > kRequestId ? frames[kRequestId] : "";
  const std::array<std::string_view, 6> answer{
      "1.0", id, admitted ? "200" : "400", admitted ? "welcome" : "this key is not in the controller's list", "", ""};
  for (std::size_t i = 0; i < answer.size(); ++i) {
    zmq_send(socket_, answer[i].data(), answer[i].size(), ZMQ_DONTWAIT | (i + 1 < answer.size() ? ZMQ_SNDMORE : 0));
  }
  return true;
}

}  // namespace cliport
