// kinematics.node: forward and inverse kinematics on the calling thread (src/native/kinematics.ts); well under 2 us
// each.

#include "cliport/kinematics.hpp"

#include <napi.h>

#include <algorithm>

#include "cliport/limbs.hpp"
#include "napi_arguments.hpp"
#include "napi_arm.hpp"

namespace cliport::addon {
namespace {

Joints joints_of(const Napi::Value& value) {
  const std::span<double> numbers = typed_array_of<double>(value, "qRad", 7);
  Joints q_rad;
  std::copy(numbers.begin(), numbers.end(), q_rad.begin());
  return q_rad;
}

Tool tool_of(const Napi::Value& value) {
  const Napi::Object object = object_of(value, "tool");
  return {number_of(object.Get("flangeToTcpM"), "tool.flangeToTcpM"),
          number_of(object.Get("flangeToTcpYawRad"), "tool.flangeToTcpYawRad")};
}

// forward(qRad, tool, T_base_tool): void
void forward_of(const Napi::CallbackInfo& info) {
  const Transform T = forward(joints_of(info[0]), tool_of(info[1]));
  std::copy(T.begin(), T.end(), typed_array_of<double>(info[2], "T_base_tool", 16).begin());
}

// links(qRad, T_base_link): void
void links_of(const Napi::CallbackInfo& info) {
  const std::array<Transform, 8> links = link_transforms(joints_of(info[0]));
  auto out = typed_array_of<double>(info[1], "T_base_link", 8 * 16).begin();
  for (const Transform& link : links) out = std::copy(link.begin(), link.end(), out);
}

// limbs(qRad, tool, toolRadiusM, limbs): void
void limbs_of_arm(const Napi::CallbackInfo& info) {
  const auto limbs = limbs_of(joints_of(info[0]), tool_of(info[1]), number_of(info[2], "toolRadiusM"));
  auto out = typed_array_of<double>(info[3], "limbs", 7 * limbs.size()).begin();
  for (const Limb& limb : limbs) {
    out = std::copy(limb.a.begin(), limb.a.end(), out);
    out = std::copy(limb.b.begin(), limb.b.end(), out);
    *out++ = limb.radius_m;
  }
}

// inverse(x, y, z, yawRad, tool, marginRad, qRad, arm?): boolean
Napi::Value inverse_of(const Napi::CallbackInfo& info) {
  const std::array<double, 3> p{number_of(info[0], "x"), number_of(info[1], "y"), number_of(info[2], "z")};
  const double yaw_rad = number_of(info[3], "yawRad");
  const Tool tool = tool_of(info[4]);
  const double margin_rad = number_of(info[5], "marginRad");
  const std::span<double> out = typed_array_of<double>(info[6], "qRad", 7);
  Joints q_rad;
  static const JointLimits kPanda = panda_joint_limits();
  static const JointLimits kFr3 = fr3_joint_limits();
  const bool is_fr3 = !info[7].IsUndefined() && arm_of(info[7], "arm") == ArmModel::kFr3;
  const bool found = inverse(p, yaw_rad, tool, is_fr3 ? kFr3 : kPanda, margin_rad, q_rad);
  if (found) std::copy(q_rad.begin(), q_rad.end(), out.begin());
  return Napi::Boolean::New(info.Env(), found);
}

// jointLimits(arm?): Float64Array of 7 minima, then 7 maxima [rad], as the arm has them, without any margin
Napi::Value joint_limits_of_arm(const Napi::CallbackInfo& info) {
  const ArmModel arm = info[0].IsUndefined() ? ArmModel::kPanda : arm_of(info[0], "arm");
  const JointLimits limits = joint_limits_of(arm);
  Napi::Float64Array out = Napi::Float64Array::New(info.Env(), 14);
  std::copy(limits.q_min_rad.begin(), limits.q_min_rad.end(), out.Data());
  std::copy(limits.q_max_rad.begin(), limits.q_max_rad.end(), out.Data() + 7);
  return out;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("forward", Napi::Function::New(env, forward_of, "forward"));
  exports.Set("links", Napi::Function::New(env, links_of, "links"));
  exports.Set("limbs", Napi::Function::New(env, limbs_of_arm, "limbs"));
  exports.Set("inverse", Napi::Function::New(env, inverse_of, "inverse"));
  exports.Set("jointLimits", Napi::Function::New(env, joint_limits_of_arm, "jointLimits"));
  return exports;
}

}  // namespace
}  // namespace cliport::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) { return cliport::addon::initialize(env, exports); }

NODE_API_MODULE(kinematics, initialize)
