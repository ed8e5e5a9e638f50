// What crosses between JavaScript and ONNX Runtime: settings, tensors, failures (engine.cpp).
#pragma once

#include <napi.h>

#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "napi_arguments.hpp"
#include "onnxruntime/session.hpp"

namespace cliport::addon {

using onnxruntime::Failure;
using onnxruntime::FailureKind;
using onnxruntime::Memory;
using onnxruntime::SessionSettings;
using onnxruntime::TensorDescription;

inline const char* code_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::kLibrary:
      return "LIBRARY";
    case FailureKind::kVersion:
      return "VERSION";
    case FailureKind::kOption:
      return "OPTION";
    case FailureKind::kProvider:
      return "PROVIDER";
    case FailureKind::kGraph:
      return "GRAPH";
    case FailureKind::kCanceled:
      return "CANCELED";
  }
  return "GRAPH";
}

/// An Error with `code` and `log`: what ONNX Runtime logged meanwhile, which often has the reason.
inline Napi::Value error_of(Napi::Env env, std::exception_ptr thrown, const std::vector<std::string>& log) {
  std::string message = "unknown error";
  const char* code = "GRAPH";
  try {
    std::rethrow_exception(thrown);
  } catch (const Failure& failure) {
    message = failure.what();
    code = code_of(failure.kind);
  } catch (const std::exception& error) {
    message = error.what();
  } catch (...) {  // nothing that ONNX Runtime or this file throws
  }
  const Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  Napi::Array lines = Napi::Array::New(env, log.size());
  for (std::uint32_t i = 0; i < log.size(); ++i) lines.Set(i, log[i]);
  error.Set("log", lines);
  return error.Value();
}

/// As src/io/policy/graph-spec.ts names types; those that no policy has for messages.
inline const char* type_name(int type) {
  static constexpr const char* kNames[] = {"undefined", "float32", "uint8",     "int8",       "uint16",  "int16",
                                           "int32",     "int64",   "string",    "bool",       "float16", "float64",
                                           "uint32",    "uint64",  "complex64", "complex128", "bfloat16"};
  return type >= 0 && type < static_cast<int>(std::size(kNames)) ? kNames[type] : "a newer type";
}

inline Napi::Array tensors_of(Napi::Env env, const std::vector<TensorDescription>& tensors) {
  Napi::Array list = Napi::Array::New(env, tensors.size());
  for (std::uint32_t i = 0; i < tensors.size(); ++i) {
    Napi::Object tensor = Napi::Object::New(env);
    tensor.Set("tensor", tensors[i].name);
    tensor.Set("type", type_name(tensors[i].type));
    Napi::Array shape = Napi::Array::New(env, tensors[i].shape.size());
    for (std::uint32_t side = 0; side < tensors[i].shape.size(); ++side) {
      shape.Set(side, static_cast<double>(tensors[i].shape[side]));
    }
    tensor.Set("shape", shape);
    list.Set(i, tensor);
  }
  return list;
}

inline Napi::Object assignments_of(Napi::Env env, const onnxruntime::Assignments& assignments) {
  Napi::Object providers = Napi::Object::New(env);
  for (const auto& [provider, operators] : assignments) {
    Napi::Object counts = Napi::Object::New(env);
    for (const auto& [type, count] : operators) counts.Set(type, count);
    providers.Set(provider, counts);
  }
  return providers;
}

inline Napi::Value typed_array(Napi::Env env, int type, std::span<const std::byte> bytes) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes.size());
  std::memcpy(buffer.Data(), bytes.data(), bytes.size());
  switch (type) {
    case onnxruntime::abi::kFloat32:
      return Napi::Float32Array::New(env, bytes.size() / 4, buffer, 0);
    case onnxruntime::abi::kInt64:
      return Napi::BigInt64Array::New(env, bytes.size() / 8, buffer, 0);
    default:
      return Napi::Uint8Array::New(env, bytes.size(), buffer, 0);
  }
}

/// The memory of any typed array, not copied.
inline std::span<const std::byte> bytes_of_array(const Napi::Value& value, const std::string& name) {
  if (!value.IsTypedArray()) throw wrong_type(value.Env(), name, "a typed array");
  const auto array = value.As<Napi::TypedArray>();
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, &data, nullptr, nullptr) != napi_ok) {
    throw wrong_type(value.Env(), name, "a typed array");
  }
  return {static_cast<const std::byte*>(data), array.ByteLength()};
}

/// A record of strings, in its own order.
inline onnxruntime::Options options_of(const Napi::Value& value, const std::string& name) {
  onnxruntime::Options options;
  if (value.IsUndefined()) return options;
  const Napi::Object object = object_of(value, name);
  const Napi::Array keys = object.GetPropertyNames();
  for (std::uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = keys.Get(i).ToString();
    const Napi::Value option = object.Get(key);
    if (!option.IsString()) throw wrong_type(value.Env(), name + "." + key, "a string");
    options.emplace_back(key, option.As<Napi::String>());
  }
  return options;
}

inline Memory memory_of(const Napi::Value& value, const std::string& name) {
  const std::string word = value.ToString();
  if (word == "none") return Memory::kNone;
  if (word == "within_run") return Memory::kWithinRun;
  if (word == "kept") return Memory::kKept;
  throw Napi::TypeError::New(value.Env(), "Expected none, within_run or kept for " + name + " but received " + word);
}

inline SessionSettings settings_of(const Napi::Object& object) {
  SessionSettings settings;
  const Napi::Value graph = object.Get("graph");
  if (graph.IsString()) {
    settings.path = graph.As<Napi::String>();
  } else {
    settings.bytes = bytes_of_array(graph, "settings.graph");
  }
  const Napi::Array providers = array_of(object.Get("providers"), "settings.providers");
  for (std::uint32_t i = 0; i < providers.Length(); ++i) {
    const std::string name = "settings.providers[" + std::to_string(i) + "]";
    const Napi::Object provider = object_of(providers.Get(i), name);
    settings.providers.push_back(
        {provider.Get("name").ToString(), options_of(provider.Get("options"), name + ".options")});
  }
  settings.threads = integer_of(object.Get("threads"), "settings.threads", 1, 256);
  settings.memory = memory_of(object.Get("memory"), "settings.memory");
  settings.config = options_of(object.Get("config"), "settings.config");
  return settings;
}

}  // namespace cliport::addon
