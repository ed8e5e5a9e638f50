#include "keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace cliport {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kZ85Chars = 40;

[[noreturn]] void fail(const fs::path& file, const std::string& what) {
  throw KeyError("Key file " + file.string() + ": " + what);
}

bool is_key(const std::string& text) {
  std::array<std::uint8_t, 32> bytes{};
  return text.size() == kZ85Chars && zmq_z85_decode(bytes.data(), text.c_str()) != nullptr;
}

std::string read_all(const fs::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) fail(file, "cannot be read: " + std::string(std::strerror(errno)) + ".");
  return text.str();
}

/// Writes a file that is not there yet, as a whole: a reader sees all of it or nothing, and of two writers one wins.
void write_new(const fs::path& file, const std::string& text, mode_t mode) {
  std::string temporary = file.string() + ".XXXXXX";
  const int descriptor = ::mkstemp(temporary.data());  // mode 0600 from the start
  if (descriptor < 0) fail(file, "cannot be written: " + std::string(std::strerror(errno)) + ".");
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fchmod(descriptor, mode) == 0 && ::fsync(descriptor) == 0;
  ::close(descriptor);
  const bool linked = written && (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(temporary.c_str());
  if (!linked) fail(file, "cannot be written: " + std::string(std::strerror(error)) + ".");
}

KeyPair read_pair(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) fail(file, "cannot be read: " + std::string(std::strerror(errno)) + ".");
  if ((status.st_mode & 077) != 0) {
    fail(file, "is open to other users. Whoever reads it can move the arm: chmod 600 it, or delete it for a new one.");
  }
  std::istringstream text(read_all(file));
  KeyPair pair;
  std::string public_word, secret_word;
  text >> public_word >> pair.public_key >> secret_word >> pair.secret_key;
  if (public_word != "public" || secret_word != "secret" || !is_key(pair.public_key) || !is_key(pair.secret_key)) {
    fail(file, "holds no pair of keys. Delete it, and a new one is made at the next start.");
  }
  return pair;
}

KeyPair make_missing_pair(const fs::path& folder, const std::string& name) {
  const fs::path file = folder / (name + ".key");
  if (!fs::exists(file)) {
    const KeyPair made = make_key_pair();
    write_new(file, "public " + made.public_key + "\nsecret " + made.secret_key + "\n", 0600);
  }
  const KeyPair pair = read_pair(file);
  if (!fs::exists(folder / (name + ".pub"))) write_new(folder / (name + ".pub"), pair.public_key + "\n", 0644);
  return pair;
}

/// The keys of a file of public ones: one a line, words behind it are for people.
std::vector<std::string> read_public_keys(const fs::path& file) {
  std::vector<std::string> keys;
  std::istringstream text(read_all(file));
  for (std::string line; std::getline(text, line);) {
    std::string key;
    if (!(std::istringstream(line) >> key)) continue;
    if (!is_key(key)) fail(file, "expected a public key of 40 characters at the start of the line '" + line + "'.");
    keys.push_back(key);
  }
  return keys;
}

}  // namespace

KeyPair make_key_pair() {
  std::array<char, kZ85Chars + 1> public_key{}, secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw KeyError("This libzmq was built without CURVE: install one with libsodium (Debian: libzmq5).");
  }
  return {public_key.data(), secret_key.data()};
}

fs::path default_key_folder() {
  const auto from = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  if (const std::string folder = from("CLIPORT_ROBOT_KEYS"); !folder.empty()) return folder;
  if (const std::string config = from("XDG_CONFIG_HOME"); !config.empty()) return fs::path(config) / "cliport" / "link";
  if (const std::string home = from("HOME"); !home.empty()) return fs::path(home) / ".config" / "cliport" / "link";
  throw KeyError("There is no home folder for the link's keys: set CLIPORT_ROBOT_KEYS to a folder.");
}

void make_missing_keys(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder)) {
    fs::create_directories(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) fail(folder, "the folder cannot be made: " + error.message() + ".");
  }
  make_missing_pair(folder, "controller");
  const KeyPair runtime = make_missing_pair(folder, "runtime");
  if (!fs::exists(folder / "runtimes")) {
    write_new(folder / "runtimes", runtime.public_key + " runtime of this machine\n", 0600);
  }
}

ControllerKeys read_controller_keys(const fs::path& folder) {
  return {read_pair(folder / "controller.key").secret_key, read_public_keys(folder / "runtimes")};
}

RuntimeKeys read_runtime_keys(const fs::path& folder) {
  const std::vector<std::string> controller = read_public_keys(folder / "controller.pub");
  if (controller.size() != 1) fail(folder / "controller.pub", "expected one public key.");
  return {controller.front(), read_pair(folder / "runtime.key")};
}

}  // namespace cliport
