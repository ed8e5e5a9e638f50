#include "admission.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "sockets.hpp"

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

Admission::Admission(zmq::context_t& context, const std::vector<std::string>& runtimes)
    : runtimes_(runtimes.begin(), runtimes.end()) {
  try {
    socket_ = zmq::socket_t(context, zmq::socket_type::rep);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(std::string("Could not guard the sockets: ") + error.what());
  }
}

bool Admission::serve_one() {
  std::vector<std::string> frames;
  for (bool more = true; more;) {
    zmq::message_t frame;
    if (!receive_now(socket_, frame)) return false;
    frames.push_back(frame.to_string());
    more = frame.more();
  }
  const bool is_question = frames.size() == kCredentials + 1 && frames[kVersion] == "1.0" &&
                           frames[kDomainFrame] == kDomain && frames[kMechanism] == "CURVE" &&
                           frames[kCredentials].size() == kKeyBytes;
  const bool admitted = is_question && runtimes_.contains(z85(frames[kCredentials]));
  const std::string id = frames.size() > kRequestId ? frames[kRequestId] : "";
  const std::array<std::string_view, 6> answer{
      "1.0", id, admitted ? "200" : "400", admitted ? "welcome" : "this key is not in the controller's list", "", ""};
  for (std::size_t i = 0; i < answer.size(); ++i) {
    send_now(socket_, answer[i], i + 1 < answer.size());
  }
  return true;
}

}  // namespace cliport
