// The arm's model as a JavaScript argument.
#pragma once

#include "cliport/kinematics.hpp"
#include "napi_arguments.hpp"

namespace cliport::addon {

inline ArmModel arm_of(const Napi::Value& value, const std::string& name) {
  const std::string given = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  for (const ArmModel model : {ArmModel::kPanda, ArmModel::kFr3}) {
    if (given == to_string(model)) return model;
  }
  throw Napi::RangeError::New(
      value.Env(), "Expected 'panda' or 'fr3' for " + name + " but received " + value.ToString().Utf8Value());
}

}  // namespace cliport::addon
