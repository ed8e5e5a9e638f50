#include "cliport/limbs.hpp"

namespace cliport {
namespace {

constexpr double kUpperArmM = 0.08;
constexpr double kForearmM = 0.07;
constexpr double kWristM = 0.07;
constexpr double kElbowOffsetM = 0.0825;  // of the elbow's axis from the middles of upper arm and forearm

std::array<double, 3> origin(const Transform& T) { return {T[3], T[7], T[11]}; }

std::array<double, 3> along_x(const Transform& T, double d) {
  return {T[3] + d * T[0], T[7] + d * T[4], T[11] + d * T[8]};
}

}  // namespace

std::array<Limb, 6> limbs_of(const Joints& q_rad, const Tool& tool, double tool_radius_m) {
  const std::array<Transform, 8> links = link_transforms(q_rad);
  const Transform& elbow = links[3];
  const std::array<double, 3> flange = origin(links[7]);
  return {{
      {origin(links[1]), origin(links[2]), kUpperArmM},
      {origin(links[2]), origin(elbow), kUpperArmM},
      {along_x(elbow, -kElbowOffsetM), origin(links[4]), kForearmM},
      {origin(links[5]), origin(links[6]), kWristM},
      {origin(links[6]), flange, kWristM},
      {flange, origin(forward(q_rad, tool)), tool_radius_m},
  }};
}

}  // namespace cliport
