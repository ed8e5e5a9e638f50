#include "wire_reply.hpp"

#include <cmath>

#include "protocol.hpp"
#include "wire_enums.hpp"

namespace cliport {
namespace {

void fill(wire::Point& point, const std::array<double, 3>& p_m) {
  point.set_x_m(p_m[0]);
  point.set_y_m(p_m[1]);
  point.set_z_m(p_m[2]);
}

void fill(wire::Quaternion& quaternion, const std::array<double, 4>& q) {
  quaternion.set_x(q[0]);
  quaternion.set_y(q[1]);
  quaternion.set_z(q[2]);
  quaternion.set_w(q[3]);
}

void fill(wire::Load& out, const Load& load) {
  out.set_mass_kg(load.mass_kg);
  fill(*out.mutable_p_flange_center(), load.F_x_center_m);
  for (const double value : load.inertia_kgm2) out.add_inertia_kgm2(value);
}

void fill(wire::EndEffectorState& out, EndEffectorKind kind, const EndEffectorState& state) {
  out.set_kind(wire_end_effector(kind));
  out.set_holding(state.holding);
  if (state.width_m) out.set_width_m(*state.width_m);
  out.set_grasp_commanded(state.grasp_commanded);
}

void fill_tool(wire::Tool& out, const ControllerConfig& config) {
  const double half_yaw_rad = config.tool.flange_to_tcp_yaw_rad / 2.0;
  out.set_name(to_string(config.end_effector.kind));
  fill(*out.mutable_p_flange_tcp(), {0.0, 0.0, config.tool.flange_to_tcp_m});
  fill(*out.mutable_q_flange_tcp(), {0.0, 0.0, std::sin(half_yaw_rad), std::cos(half_yaw_rad)});
  fill(*out.mutable_load(), config.tool_load);
}

}  // namespace

std::string event_bytes(const Event& event, EndEffectorKind kind, const std::string& detail) {
  wire::Reply reply;
  reply.mutable_header()->set_version(kLinkVersion);
  reply.mutable_header()->set_session(event.session);
  wire::Event& out = *reply.mutable_event();
  out.set_sequence(event.sequence);
  out.set_stamp_ns(static_cast<std::uint64_t>(event.stamp_ns));
  out.set_kind(wire_event_kind(event.kind));
  out.set_session(event.session);
  out.set_command_id(event.command_id);
  out.set_segment(event.segment);
  out.set_contact(event.contact);
  fill(*out.mutable_end_effector(), kind, event.end_effector);
  out.set_reason(wire_reason(event.reason));
  out.set_mode(wire_mode(event.mode));
  fill(*out.mutable_p_base(), event.p_base_m);
  out.set_detail(detail);
  return reply.SerializeAsString();
}

void fill_state(const Snapshot& snapshot, const ControllerConfig& config, wire::State& state) {
  const Measured& measured = snapshot.measured;
  state.set_stamp_ns(static_cast<std::uint64_t>(snapshot.stamp_ns));
  state.set_mode(wire_mode(snapshot.mode));
  state.set_reason(wire_reason(snapshot.reason));
  state.set_lease_session(snapshot.lease_session);
  state.set_command_id(snapshot.command_id);
  state.set_segment(snapshot.segment);
  for (const double q_rad : measured.q_rad) state.add_q_rad(q_rad);
  for (const double dq_radps : measured.dq_radps) state.add_dq_radps(dq_radps);
  state.set_contact(measured.contact);
  fill(*state.mutable_end_effector(), config.end_effector.kind,
       {.holding = measured.holding, .grasp_commanded = snapshot.reference.grasp, .width_m = measured.width_m});
  fill(*state.mutable_p_base_tool(), snapshot.p_base_tool_m);
  state.set_yaw_rad(snapshot.yaw_rad);
  fill(*state.mutable_q_base_tool(), quaternion_of(forward(measured.q_rad, config.tool)));
  for (const double tau_nm : measured.tau_ext_nm) state.add_tau_ext_nm(tau_nm);
  fill(*state.mutable_f_ext_base_n(), measured.f_ext_base_n);
}

void fill_welcome(const ControllerConfig& config, wire::Welcome& welcome) {
  for (const double bound_m : config.motion_box_m) welcome.add_motion_box_m(bound_m);
  for (const Box& box : config.keep_out_m) {
    for (const double bound_m : box) welcome.add_keep_out_m(bound_m);
  }
  welcome.set_speed_limit_mps(config.speed_mps);
  wire::EndEffector& end_effector = *welcome.mutable_end_effector();
  end_effector.set_kind(wire_end_effector(config.end_effector.kind));
  end_effector.set_width_min_m(config.end_effector.width_min_m);
  end_effector.set_width_max_m(config.end_effector.width_max_m);
  end_effector.set_force_max_n(config.end_effector.force_max_n);
  fill_tool(*welcome.mutable_tool(), config);
  fill(*welcome.mutable_payload(), config.held_load);
  welcome.add_features(wire::FEATURE_BLEND);
  welcome.add_features(wire::FEATURE_CONTACT_SPEED);
  welcome.add_features(wire::FEATURE_PUSH);
}

}  // namespace cliport
