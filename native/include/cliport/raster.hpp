// Software rasteriser: colour, depth and labels of a scene of triangle meshes, as cameras see it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cliport/frame.hpp"
#include "cliport/status.hpp"

namespace cliport {

/// Surface of one object, in its own frame. Faces are seen from both sides.
struct Mesh {
  std::vector<float> positions_m;  ///< triangles x 9: three corners
  std::vector<float> color_rgb;    ///< triangles x 3: albedo, 0..1
  std::uint8_t label = 0;          ///< written to the labels; 0 for what is no object
};

struct View {
  Intrinsics intrinsics;
  Transform T_base_camera{};  ///< rigid
};

/// Caller-owned pictures of one view; every pixel is written.
struct RenderTarget {
  std::span<std::uint8_t> color;   ///< RGB8, height x width x 3
  std::span<float> depth_m;        ///< along the optical axis, height x width; 0 where no surface is
  std::span<std::uint8_t> labels;  ///< height x width, or empty when not wanted; 0 where no surface is
};

/// One directional light, and light from everywhere.
struct Light {
  std::array<double, 3> direction{0.0, 0.0, 1.0};  ///< towards the light, base frame, any length but 0
  double ambient = 0.4;                            ///< share of the light that reaches every surface, 0..1
  bool shadows = true;
};

/// Surfaces nearer than this are cut off, metres.
inline constexpr double kNearPlaneM = 0.01;

/// Meshes are given once, poses with each render. Flat shading: albedo * (ambient + (1 - ambient) * cosine), where the
/// directional light reaches; shadows come from a shadow map over x 0..1, y -0.75..0.75, z -0.1..0.5 m, outside which
/// everything is lit. Depth is exact to about 1e-6 of itself. The same input gives the same pixels.
class Rasterizer {
 public:
  explicit Rasterizer(std::vector<Mesh> meshes);
  ~Rasterizer();
  Rasterizer(const Rasterizer&) = delete;
  Rasterizer& operator=(const Rasterizer&) = delete;

  /// Whether these meshes make a scene: whole triangles, a colour each, finite corners.
  static Status check(std::span<const Mesh> meshes);

  /// Whether `render` would accept these arguments.
  Status check(std::span<const Transform> T_base_object, std::span<const View> views,
               std::span<const RenderTarget> targets, const Light& light, std::array<double, 3> background) const;

  /// Fills a target a view.
  /// @param T_base_object rigid pose of each mesh, in order
  /// @param background    colour where no surface is, 0..1
  /// @return kInvalidArgument when sizes do not match or a number is not finite; targets are then unchanged
  /// Reentrant: several threads may render at once. Buffers of 5 to 10 MB are kept for the next call.
  Status render(std::span<const Transform> T_base_object, std::span<const View> views,
                std::span<const RenderTarget> targets, const Light& light, std::array<double, 3> background) const;

 private:
  struct Scene;
  std::unique_ptr<Scene> scene_;
};

}  // namespace cliport
