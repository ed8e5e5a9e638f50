// Plain values between JavaScript and C++. The TypeScript side (src/) checks, names and documents options, so a wrong
// shape is a fault of this package.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../session.hpp"
#include "../software.hpp"

namespace realsense {

// JavaScript to C++

std::string text(const Napi::Object& object, const char* key);
double number(const Napi::Object& object, const char* key, double fallback = 0);
int integer(const Napi::Object& object, const char* key, int fallback = 0);

template <std::size_t N>
void numbers(const Napi::Object& object, const char* key, float (&out)[N]) {
  const Napi::Array array = object.Get(key).As<Napi::Array>();
  for (std::uint32_t i = 0; i < N; ++i) out[i] = array.Get(i).As<Napi::Number>().FloatValue();
}

SessionOptions session_options(const Napi::Object& object);
std::optional<SoftwareStream> software_stream(const Napi::Object& options, const char* key);

// C++ to JavaScript

Napi::Object to_js(Napi::Env env, const DeviceInfo& info);
Napi::Object to_js(Napi::Env env, const ProfileInfo& info);
Napi::Object to_js(Napi::Env env, const OptionInfo& info);
Napi::Object to_js(Napi::Env env, const Attempt& tried);
Napi::Value to_js(Napi::Env env, const std::string& words);
Napi::Object to_js(Napi::Env env, const LibraryInfo& info);
Napi::Object to_js(Napi::Env env, const abi::Intrinsics& intrinsics);
Napi::Object to_js(Napi::Env env, const SessionStatus& status);
Napi::BigInt nanoseconds(Napi::Env env, std::int64_t value);

template <typename Item>
Napi::Array to_js(Napi::Env env, const std::vector<Item>& items) {
  auto array = Napi::Array::New(env, items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) array.Set(i, to_js(env, items[i]));
  return array;
}

template <std::size_t N>
Napi::Array to_js(Napi::Env env, const float (&values)[N]) {
  auto array = Napi::Array::New(env, N);
  for (std::uint32_t i = 0; i < N; ++i) array.Set(i, values[i]);
  return array;
}

}  // namespace realsense
