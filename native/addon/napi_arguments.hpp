// Reads JavaScript arguments, and works on them off the main thread. Errors name the argument, what was expected and
// what was received: TypeError for a wrong type, RangeError for a wrong size or value.
#pragma once

#include <napi.h>

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cliport/frame.hpp"
#include "cliport/status.hpp"

namespace cliport::addon {

/// Keeps JavaScript objects, and thus the memory of typed arrays, alive. Made and destroyed on the JavaScript thread.
using Pins = std::vector<Napi::ObjectReference>;

inline void pin(Pins& pins, const Napi::Object& object) { pins.push_back(Napi::Persistent(object)); }

inline Napi::TypeError wrong_type(Napi::Env env, const std::string& name, const std::string& expected) {
  return Napi::TypeError::New(env, "Expected " + name + " to be " + expected);
}

inline Napi::Object object_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) throw wrong_type(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

inline Napi::Array array_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsArray()) throw wrong_type(value.Env(), name, "an array");
  return value.As<Napi::Array>();
}

inline double number_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) throw wrong_type(value.Env(), name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

/// A whole number from `least` to `most`.
inline int integer_of(const Napi::Value& value, const std::string& name, int least, int most) {
  const double number = number_of(value, name);
  if (!(number >= least && number <= most) || number != static_cast<double>(static_cast<int>(number))) {
    throw Napi::RangeError::New(value.Env(), "Expected an integer from " + std::to_string(least) + " to " +
                                                 std::to_string(most) + " for " + name + " but received " +
                                                 value.ToString().Utf8Value());
  }
  return static_cast<int>(number);
}

inline bool boolean_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean()) throw wrong_type(value.Env(), name, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

template <std::size_t N>
std::array<double, N> numbers_of(const Napi::Value& value, const std::string& name) {
  const Napi::Array array = array_of(value, name);
  if (array.Length() != N) {
    throw Napi::RangeError::New(value.Env(), "Expected " + std::to_string(N) + " elements for " + name +
                                                 " but received " + std::to_string(array.Length()));
  }
  std::array<double, N> numbers;
  for (std::uint32_t i = 0; i < N; ++i) {
    numbers[i] = number_of(array.Get(i), name + "[" + std::to_string(i) + "]");
  }
  return numbers;
}

template <typename T>
struct ElementName;
template <>
struct ElementName<float> {
  static constexpr napi_typedarray_type kType = napi_float32_array;
  static constexpr const char* kName = "a Float32Array";
};
template <>
struct ElementName<double> {
  static constexpr napi_typedarray_type kType = napi_float64_array;
  static constexpr const char* kName = "a Float64Array";
};
template <>
struct ElementName<std::uint16_t> {
  static constexpr napi_typedarray_type kType = napi_uint16_array;
  static constexpr const char* kName = "a Uint16Array";
};
template <>
struct ElementName<std::uint8_t> {
  static constexpr napi_typedarray_type kType = napi_uint8_array;
  static constexpr const char* kName = "a Uint8Array";
};

inline constexpr std::size_t kAnySize = std::numeric_limits<std::size_t>::max();

/// The memory of a typed array, not copied. The caller pins it for as long as the memory is used.
template <typename T>
std::span<T> typed_array_of(const Napi::Value& value, const std::string& name, std::size_t expected = kAnySize) {
  if (!value.IsTypedArray()) throw wrong_type(value.Env(), name, ElementName<T>::kName);
  napi_typedarray_type type;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok) {
    throw wrong_type(value.Env(), name, ElementName<T>::kName);
  }
  if (type != ElementName<T>::kType) throw wrong_type(value.Env(), name, ElementName<T>::kName);
  if (expected != kAnySize && length != expected) {
    throw Napi::RangeError::New(value.Env(), "Expected " + std::to_string(expected) + " elements for " + name +
                                                 " but received " + std::to_string(length));
  }
  return {static_cast<T*>(data), length};
}

inline constexpr int kMaxImageSide = 16384;

/// width, height, fx, fy, cx, cy of an object.
inline Intrinsics intrinsics_of(const Napi::Object& object, const std::string& name) {
  return {integer_of(object.Get("width"), name + ".width", 1, kMaxImageSide),
          integer_of(object.Get("height"), name + ".height", 1, kMaxImageSide),
          number_of(object.Get("fx"), name + ".fx"),
          number_of(object.Get("fy"), name + ".fy"),
          number_of(object.Get("cx"), name + ".cx"),
          number_of(object.Get("cy"), name + ".cy")};
}

inline Transform transform_of(const Napi::Value& value, const std::string& name) {
  const std::span<double> numbers = typed_array_of<double>(value, name, 16);
  Transform transform;
  std::copy(numbers.begin(), numbers.end(), transform.begin());
  return transform;
}

inline void throw_if_refused(Napi::Env env, const Status& status) {
  if (!status.ok()) throw Napi::RangeError::New(env, status.message);
}

/// Runs `work` on the thread pool while `pins` keep its memory alive; settles a promise on the JavaScript thread.
class PromisedWork final : public Napi::AsyncWorker {
 public:
  static Napi::Promise start(Napi::Env env, Pins pins, std::function<Status()> work) {
    auto* worker = new PromisedWork(env, std::move(pins), std::move(work));  // deletes itself when it has settled
    const Napi::Promise promise = worker->deferred_.Promise();
    worker->Queue();
    return promise;
  }

 private:
  PromisedWork(Napi::Env env, Pins pins, std::function<Status()> work)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        pins_(std::move(pins)),
        work_(std::move(work)) {}

  void Execute() override {
    if (const Status status = work_(); !status.ok()) SetError(status.message);
  }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

  Napi::Promise::Deferred deferred_;
  Pins pins_;
  std::function<Status()> work_;
};

}  // namespace cliport::addon
