// Three numbers, metres or a direction, and what rigid transforms do to them.
#pragma once

#include <cmath>

#include "cliport/frame.hpp"

namespace cliport {

struct Vector3 {
  double x = 0.0, y = 0.0, z = 0.0;
};

inline Vector3 operator+(Vector3 a, Vector3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vector3 operator-(Vector3 a, Vector3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vector3 operator*(Vector3 a, double s) { return {a.x * s, a.y * s, a.z * s}; }
inline double dot(Vector3 a, Vector3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vector3 cross(Vector3 a, Vector3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double length(Vector3 a) { return std::sqrt(dot(a, a)); }

inline Vector3 transform_point(const Transform& T, Vector3 p) {
  return {T[0] * p.x + T[1] * p.y + T[2] * p.z + T[3], T[4] * p.x + T[5] * p.y + T[6] * p.z + T[7],
          T[8] * p.x + T[9] * p.y + T[10] * p.z + T[11]};
}

inline Vector3 origin_of(const Transform& T) { return {T[3], T[7], T[11]}; }

/// Inverse of a rigid transform.
inline Transform inverse_of(const Transform& T) {
  const Vector3 p = origin_of(T);
  return {T[0], T[4], T[8],  -(T[0] * p.x + T[4] * p.y + T[8] * p.z),
          T[1], T[5], T[9],  -(T[1] * p.x + T[5] * p.y + T[9] * p.z),
          T[2], T[6], T[10], -(T[2] * p.x + T[6] * p.y + T[10] * p.z),
          0.0,  0.0,  0.0,   1.0};
}

}  // namespace cliport
