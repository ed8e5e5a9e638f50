#include "cliport/raster.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string>
#include <utility>

#include "raster_fill.hpp"
#include "raster_shadow.hpp"
#include "vector3.hpp"

namespace cliport {
namespace {

// A triangle where it is now.
struct Face {
  Vector3 corner[3];  // base frame
  Vector3 normal;     // unit length; 0 for a triangle without area
};

// How a triangle looks from one camera; the same at all of its pixels, since shading is flat.
struct Look {
  float shaded[3];  // colour 0..255 where the directional light does not reach
  float direct[3];  // what the directional light adds
  ShadowSlope slope;
  bool lit;  // faces the light
  std::uint8_t label;
};

// Buffers of one render, kept for the next.
struct Workspace {
  std::vector<Face> faces;
  std::vector<Look> looks;
  std::vector<float> nearness;
  std::vector<std::int32_t> nearest;
  ShadowMap shadow;
};

Vector3 corner_of(const Mesh& mesh, std::size_t triangle, std::size_t corner) {
  const float* p = mesh.positions_m.data() + 9 * triangle + 3 * corner;
  return {p[0], p[1], p[2]};
}

void place_faces(std::span<const Mesh> meshes, std::span<const Transform> T_base_object, std::vector<Face>& faces) {
  faces.clear();
  for (std::size_t i = 0; i < meshes.size(); ++i) {
    const std::size_t triangles = meshes[i].color_rgb.size() / 3;
    for (std::size_t t = 0; t < triangles; ++t) {
      Face face;
      for (std::size_t k = 0; k < 3; ++k)
        face.corner[k] = transform_point(T_base_object[i], corner_of(meshes[i], t, k));
      const Vector3 n = cross(face.corner[1] - face.corner[0], face.corner[2] - face.corner[0]);
      const double doubled_area = length(n);
      face.normal = doubled_area > 0.0 ? n * (1.0 / doubled_area) : Vector3{};
      faces.push_back(face);
    }
  }
}

// Colour from the side that the camera sees.
void look_at_faces(std::span<const Mesh> meshes, const std::vector<Face>& faces, Vector3 camera, Vector3 light,
                   const Light& how, const ShadowMap& shadow, std::vector<Look>& looks) {
  looks.clear();
  std::size_t f = 0;
  for (const Mesh& mesh : meshes) {
    for (std::size_t at = 0; at + 3 <= mesh.color_rgb.size(); at += 3, ++f) {
      const Face& face = faces[f];
      const bool front = dot(face.normal, camera - face.corner[0]) >= 0.0;
      const double cosine = front ? dot(face.normal, light) : -dot(face.normal, light);
      Look look;
      look.lit = cosine > 0.0;
      look.label = mesh.label;
      for (int c = 0; c < 3; ++c) {
        const double albedo = 255.0 * std::clamp(mesh.color_rgb[at + static_cast<std::size_t>(c)], 0.0f, 1.0f);
        look.shaded[c] = static_cast<float>(albedo * how.ambient);
        look.direct[c] = static_cast<float>(albedo * (1.0 - how.ambient) * std::max(cosine, 0.0));
      }
      look.slope = how.shadows ? shadow.slope_of(face.normal) : ShadowSlope{};
      looks.push_back(look);
    }
  }
}

// Draws a triangle, cut off where it comes nearer than the near plane.
class Projector {
 public:
  Projector(const View& view, const NearestBuffer& buffer)
      : k_(view.intrinsics), T_camera_base_(inverse_of(view.T_base_camera)), buffer_(buffer) {}

  void draw(const Face& face, std::int32_t id) const {
    Vector3 p[3];
    int behind = 0;
    for (int i = 0; i < 3; ++i) {
      p[i] = transform_point(T_camera_base_, face.corner[i]);
      behind += p[i].z < kNearPlaneM;
    }
    if (behind == 3) return;
    if (behind == 0) {
      fill_triangle(on_picture(p[0]), on_picture(p[1]), on_picture(p[2]), id, buffer_);
      return;
    }
    // Sutherland-Hodgman on one plane: a triangle with one corner behind becomes a quadrangle.
    ScreenCorner cut[4];
    int corners = 0;
    for (int i = 0; i < 3; ++i) {
      const Vector3 &from = p[i], &to = p[(i + 1) % 3];
      const bool from_seen = from.z >= kNearPlaneM, to_seen = to.z >= kNearPlaneM;
      if (from_seen) cut[corners++] = on_picture(from);
      if (from_seen != to_seen) cut[corners++] = on_picture(from_seen ? crossing(from, to) : crossing(to, from));
    }
    fill_triangle(cut[0], cut[1], cut[2], id, buffer_);
    if (corners == 4) fill_triangle(cut[0], cut[2], cut[3], id, buffer_);
  }

 private:
  ScreenCorner on_picture(Vector3 p) const {
    const double nearness = 1.0 / p.z;
    return {k_.fx * p.x * nearness + k_.cx, k_.fy * p.y * nearness + k_.cy, nearness};
  }
  // Always from the seen end, so that triangles that share the edge are cut at the same point.
  static Vector3 crossing(Vector3 seen, Vector3 behind) {
    Vector3 at = seen + (behind - seen) * ((seen.z - kNearPlaneM) / (seen.z - behind.z));
    at.z = kNearPlaneM;
    return at;
  }

  Intrinsics k_;
  Transform T_camera_base_;
  NearestBuffer buffer_;
};

std::uint8_t channel(float value) { return static_cast<std::uint8_t>(std::min(value + 0.5f, 255.0f)); }

// Maps a pixel with its depth to the light's coordinates: position = depth * (u * per_u + v * per_v + base) + origin.
struct LightRays {
  LightRays(const View& view, const ShadowMap& shadow) {
    const std::array<double, 12>& M = shadow.M_light_base();
    const Transform& T = view.T_base_camera;
    const Intrinsics& k = view.intrinsics;
    for (int i = 0; i < 3; ++i) {
      const double* m = M.data() + 4 * i;
      const auto column = [&](int j) { return m[0] * T[j] + m[1] * T[4 + j] + m[2] * T[8 + j]; };
      per_u[i] = static_cast<float>(column(0) / k.fx);
      per_v[i] = column(1) / k.fy;
      base[i] = column(2) - column(0) * k.cx / k.fx - column(1) * k.cy / k.fy;
      origin[i] = static_cast<float>(column(3) + m[3]);
    }
  }
  float per_u[3];
  double per_v[3], base[3];
  float origin[3];
};

void shade(const View& view, const Workspace& workspace, const Light& light, std::array<double, 3> background,
           const RenderTarget& target) {
  const int width = view.intrinsics.width;
  std::array<std::uint8_t, 3> nothing;
  for (std::size_t c = 0; c < 3; ++c)
    nothing[c] = channel(static_cast<float>(255.0 * std::clamp(background[c], 0.0, 1.0)));
  const LightRays rays(view, workspace.shadow);
  for (int v = 0; v < view.intrinsics.height; ++v) {
    const std::size_t row = static_cast<std::size_t>(v) * static_cast<std::size_t>(width);
    float ray[3];
    for (int i = 0; i < 3; ++i) ray[i] = static_cast<float>(rays.base[i] + v * rays.per_v[i]);
    for (int u = 0; u < width; ++u) {
      const std::size_t pixel = row + static_cast<std::size_t>(u);
      const std::int32_t face = workspace.nearest[pixel];
      std::uint8_t* rgb = target.color.data() + 3 * pixel;
      if (face < 0) {
        std::copy(nothing.begin(), nothing.end(), rgb);
        target.depth_m[pixel] = 0.0f;
        if (!target.labels.empty()) target.labels[pixel] = 0;
        continue;
      }
      const Look& look = workspace.looks[static_cast<std::size_t>(face)];
      const float depth_m = 1.0f / workspace.nearness[pixel];
      float direct = 1.0f;
      if (light.shadows && look.lit) {
        const float column = static_cast<float>(u);
        const auto at = [&](int i) { return depth_m * (column * rays.per_u[i] + ray[i]) + rays.origin[i]; };
        direct = workspace.shadow.light_at(at(0), at(1), at(2), look.slope);
      }
      for (int c = 0; c < 3; ++c) rgb[c] = channel(look.shaded[c] + direct * look.direct[c]);
      target.depth_m[pixel] = depth_m;
      if (!target.labels.empty()) target.labels[pixel] = look.label;
    }
  }
}

void render_view(const View& view, std::span<const Mesh> meshes, Vector3 toward_light, const Light& light,
                 std::array<double, 3> background, const RenderTarget& target, Workspace& workspace) {
  const std::size_t pixels = view.intrinsics.pixels();
  workspace.nearness.assign(pixels, 0.0f);
  workspace.nearest.assign(pixels, -1);
  const Projector projector(
      view, {view.intrinsics.width, view.intrinsics.height, workspace.nearness.data(), workspace.nearest.data()});
  for (std::size_t f = 0; f < workspace.faces.size(); ++f) {
    projector.draw(workspace.faces[f], static_cast<std::int32_t>(f));
  }
  look_at_faces(meshes, workspace.faces, origin_of(view.T_base_camera), toward_light, light, workspace.shadow,
                workspace.looks);
  shade(view, workspace, light, background, target);
}

bool all_finite(const Transform& T) {
  return std::all_of(T.begin(), T.end(), [](double value) { return std::isfinite(value); });
}

Status wrong_size(const std::string& what, std::size_t expected, std::size_t received) {
  return invalid_argument("Expected " + std::to_string(expected) + " elements for " + what + " but received " +
                          std::to_string(received));
}

std::string at_index(const std::string& name, std::size_t i) { return name + '[' + std::to_string(i) + ']'; }

Status check_view(const View& view, const RenderTarget& target, std::size_t i) {
  const std::string camera = at_index("cameras", i), pictures = at_index("targets", i);
  const Intrinsics& k = view.intrinsics;
  if (k.width <= 0 || k.height <= 0 || !(k.fx > 0.0 && k.fy > 0.0) || !std::isfinite(k.fx) || !std::isfinite(k.fy) ||
      !std::isfinite(k.cx) || !std::isfinite(k.cy)) {
    return invalid_argument("Expected a positive size and finite intrinsics with positive focal lengths for " + camera);
  }
  if (!all_finite(view.T_base_camera)) {
    return invalid_argument("Expected 16 finite numbers for " + camera + ".T_base_camera");
  }
  if (target.color.size() != 3 * k.pixels()) {
    return wrong_size(pictures + ".color", 3 * k.pixels(), target.color.size());
  }
  if (target.depth_m.size() != k.pixels()) {
    return wrong_size(pictures + ".depth", k.pixels(), target.depth_m.size());
  }
  if (!target.labels.empty() && target.labels.size() != k.pixels()) {
    return wrong_size(pictures + ".labels", k.pixels(), target.labels.size());
  }
  return {};
}

}  // namespace

struct Rasterizer::Scene {
  std::vector<Mesh> meshes;

  // One workspace for each render that was ever under way at the same time.
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> idle;

  std::unique_ptr<Workspace> borrow() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return std::make_unique<Workspace>();
    std::unique_ptr<Workspace> workspace = std::move(idle.back());
    idle.pop_back();
    return workspace;
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(workspace));
  }
};

Rasterizer::Rasterizer(std::vector<Mesh> meshes) : scene_(std::make_unique<Scene>()) {
  scene_->meshes = std::move(meshes);
}
Rasterizer::~Rasterizer() = default;

Status Rasterizer::check(std::span<const Mesh> meshes) {
  for (std::size_t i = 0; i < meshes.size(); ++i) {
    const std::string name = at_index("instances", i);
    const std::size_t triangles = meshes[i].positions_m.size() / 9;
    if (meshes[i].positions_m.size() != 9 * triangles) {
      return invalid_argument("Expected a multiple of 9 elements for " + name + ".positions but received " +
                              std::to_string(meshes[i].positions_m.size()));
    }
    if (meshes[i].color_rgb.size() != 3 * triangles) {
      return wrong_size(name + ".color", 3 * triangles, meshes[i].color_rgb.size());
    }
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::all_of(meshes[i].positions_m.begin(), meshes[i].positions_m.end(), finite) ||
        !std::all_of(meshes[i].color_rgb.begin(), meshes[i].color_rgb.end(), finite)) {
      return invalid_argument("Expected finite corners and colours for " + name);
    }
  }
  return {};
}

Status Rasterizer::check(std::span<const Transform> T_base_object, std::span<const View> views,
                         std::span<const RenderTarget> targets, const Light& light,
                         std::array<double, 3> background) const {
  if (T_base_object.size() != scene_->meshes.size()) {
    return wrong_size("T_base_object", 16 * scene_->meshes.size(), 16 * T_base_object.size());
  }
  for (std::size_t i = 0; i < T_base_object.size(); ++i) {
    if (!all_finite(T_base_object[i])) {
      return invalid_argument("Expected finite numbers for matrix " + std::to_string(i) + " of T_base_object");
    }
  }
  if (targets.size() != views.size()) return wrong_size("targets", views.size(), targets.size());
  for (std::size_t i = 0; i < views.size(); ++i) {
    if (Status status = check_view(views[i], targets[i], i); !status.ok()) return status;
  }
  const double size = std::hypot(light.direction[0], light.direction[1], light.direction[2]);
  if (!std::isfinite(size) || size == 0.0) return invalid_argument("Expected a finite direction for light.direction");
  if (!(light.ambient >= 0.0 && light.ambient <= 1.0)) {
    return invalid_argument("Expected 0 to 1 for light.ambient but received " + std::to_string(light.ambient));
  }
  for (const double channel : background) {
    if (!std::isfinite(channel)) return invalid_argument("Expected finite numbers for background");
  }
  return {};
}

Status Rasterizer::render(std::span<const Transform> T_base_object, std::span<const View> views,
                          std::span<const RenderTarget> targets, const Light& light,
                          std::array<double, 3> background) const {
  if (Status status = check(T_base_object, views, targets, light, background); !status.ok()) return status;
  const Vector3 direction{light.direction[0], light.direction[1], light.direction[2]};
  const Vector3 toward_light = direction * (1.0 / length(direction));

  std::unique_ptr<Workspace> workspace = scene_->borrow();
  place_faces(scene_->meshes, T_base_object, workspace->faces);
  if (light.shadows) {
    workspace->shadow.reset(toward_light);
    for (const Face& face : workspace->faces) workspace->shadow.add(face.corner[0], face.corner[1], face.corner[2]);
  }
  for (std::size_t i = 0; i < views.size(); ++i) {
    render_view(views[i], scene_->meshes, toward_light, light, background, targets[i], *workspace);
  }
  scene_->give_back(std::move(workspace));
  return {};
}

}  // namespace cliport
