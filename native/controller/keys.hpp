// Keys of the link: who may speak to the controller, and how a runtime knows that it speaks to the right one.
//
// ZeroMQ's CURVE mechanism (ZeroMQ RFC 26) on every socket, on loopback too: otherwise any program of any user of the
// machine could move the arm. All keys are Z85 text of 40 characters (ZeroMQ RFC 32).
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace cliport {

/// Keys that are missing, unreadable or open to others; its message names the file and what to do.
class KeyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

/// What an endpoint needs: its own secret, and the public keys of the runtimes that it answers.
struct ControllerKeys {
  std::string secret_key;
  std::vector<std::string> runtimes;
};

/// What a runtime needs.
struct RuntimeKeys {
  std::string controller_public_key;
  KeyPair own;
};

/// A fresh random pair. @throws KeyError when libzmq was built without CURVE
KeyPair make_key_pair();

/// $CLIPORT_ROBOT_KEYS, else $XDG_CONFIG_HOME/cliport/link, else ~/.config/cliport/link. @throws KeyError without a
/// home
std::filesystem::path default_key_folder();

/// Makes what is missing in a folder, so that a controller and a runtime of one user find each other from the first
/// start on, whichever comes first:
///   controller.key, runtime.key   both keys of the pair, mode 0600
///   controller.pub, runtime.pub   the public ones, to be copied to the other machine
///   runtimes                      public keys of the runtimes that the controller answers, one a line
/// Several processes may do so at once: each file is made as a whole or not at all.
/// @throws KeyError
void make_missing_keys(const std::filesystem::path& folder);

/// @throws KeyError also when controller.key may be read by others than its owner
ControllerKeys read_controller_keys(const std::filesystem::path& folder);

/// @throws KeyError also when runtime.key may be read by others than its owner
RuntimeKeys read_runtime_keys(const std::filesystem::path& folder);

}  // namespace cliport
