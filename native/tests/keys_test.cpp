#include "keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace cliport::test {
namespace {

namespace fs = std::filesystem;

/// A folder of its own for each test, gone afterwards.
class KeysTest : public ::testing::Test {
 protected:
  KeysTest() {
    std::string name = (fs::temp_directory_path() / "cliport-keys-XXXXXX").string();
    root = ::mkdtemp(name.data());
    folder = root / "deep" / "er";
  }
  ~KeysTest() override { fs::remove_all(root); }

  int mode_of(const std::string& file) {
    struct stat status {};
    EXPECT_EQ(::stat((folder / file).c_str(), &status), 0) << file;
    return static_cast<int>(status.st_mode & 0777);
  }
  void write(const std::string& file, const std::string& text) { std::ofstream(folder / file) << text; }

  /// What reading complains of, empty when it does not.
  std::string complaint() {
    try {
      read_controller_keys(folder);
      read_runtime_keys(folder);
    } catch (const KeyError& error) {
      return error.what();
    }
    return "";
  }

  fs::path root, folder;
};

TEST_F(KeysTest, TheFirstStartMakesKeysThatFitEachOtherAndOnlyTheirOwnerCanRead) {
  make_missing_keys(folder);
  const ControllerKeys controller = read_controller_keys(folder);
  const RuntimeKeys runtime = read_runtime_keys(folder);
  EXPECT_EQ(controller.runtimes, std::vector{runtime.own.public_key});
  EXPECT_NE(controller.secret_key, runtime.own.secret_key);
  EXPECT_EQ(mode_of("controller.key"), 0600);
  EXPECT_EQ(mode_of("runtime.key"), 0600);
  EXPECT_EQ(mode_of("runtimes"), 0600);
  EXPECT_EQ(mode_of("."), 0700);
}

TEST_F(KeysTest, LaterStartsKeepWhatIsThere) {
  make_missing_keys(folder);
  const std::string secret_key = read_controller_keys(folder).secret_key;
  const RuntimeKeys other{make_key_pair().public_key, {}};
  write("controller.pub", other.controller_public_key + " of the other machine\n");
  write("runtimes", other.controller_public_key + "\n\n" + make_key_pair().public_key + " a second\n");
  make_missing_keys(folder);
  EXPECT_EQ(read_controller_keys(folder).secret_key, secret_key);
  EXPECT_EQ(read_controller_keys(folder).runtimes.size(), 2u);
  EXPECT_EQ(read_runtime_keys(folder).controller_public_key, other.controller_public_key);
}

TEST_F(KeysTest, ManyFirstStartsAtOnceAgreeOnOnePair) {
  std::vector<std::string> secrets(8);
  std::vector<std::thread> starts;
  for (std::string& secret : secrets) {
    starts.emplace_back([&secret, this] {
      make_missing_keys(folder);
      secret = read_controller_keys(folder).secret_key + read_runtime_keys(folder).own.secret_key;
    });
  }
  for (std::thread& start : starts) start.join();
  for (const std::string& secret : secrets) EXPECT_EQ(secret, secrets.front());
}

TEST_F(KeysTest, ASecretThatOthersCanReadIsRefused) {
  make_missing_keys(folder);
  ::chmod((folder / "runtime.key").c_str(), 0640);
  EXPECT_NE(complaint().find("runtime.key: is open to other users"), std::string::npos) << complaint();
}

TEST_F(KeysTest, ADamagedFileIsNamed) {
  for (const char* file : {"controller.key", "runtime.key", "controller.pub", "runtimes"}) {
    fs::remove_all(folder);
    make_missing_keys(folder);
    EXPECT_EQ(complaint(), "");
    write(file, "not a key\n");
    EXPECT_NE(complaint().find(file), std::string::npos) << file << ": " << complaint();
    fs::remove(folder / file);
    EXPECT_NE(complaint().find(file), std::string::npos) << file << ": " << complaint();
  }
}

TEST_F(KeysTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(root / "deep") << "a file";
  EXPECT_THROW(make_missing_keys(folder), KeyError);
}

}  // namespace
}  // namespace cliport::test
