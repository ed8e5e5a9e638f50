// What a structured-light depth camera does wrong, added to a rendered frame.
#pragma once

#include <cstdint>
#include <span>

#include "cliport/status.hpp"

namespace cliport {

struct SensorNoise {
  double depth_sigma_m = 0.0;          ///< standard deviation of depth at 1 m; grows with the square of the distance
  double color_sigma = 0.0;            ///< standard deviation of each colour channel, 0..255
  double edge_hole_probability = 0.0;  ///< of having no depth, for a pixel beside a depth edge or on a grazing surface
  double blob_hole_probability = 0.0;  ///< that a small blob without depth starts at a pixel
};

/// Adds noise and holes to a frame, in place; the same for the same seed, on every machine.
///
/// Depth: error of triangulation grows with the square of the distance (Khoshelham and Elberink, Sensors 2012, eq. 10).
/// Holes: on both sides of depth edges, where projector and camera do not see the same; on surfaces seen at more than
/// about 80 degrees; in blobs of a few pixels, as on dark or shiny spots. Surfaces are judged by the change of depth a
/// pixel, with a focal length of 0.75 of the picture's width, as in common cameras.
/// @param depth_m height x width; holes become 0
/// @param color   RGB8, height x width x 3
/// @return kInvalidArgument when sizes do not match, or a number is negative or not finite; nothing is then changed
Status add_sensor_noise(int width, int height, std::span<float> depth_m, std::span<std::uint8_t> color,
                        const SensorNoise& noise, std::uint64_t seed);

}  // namespace cliport
