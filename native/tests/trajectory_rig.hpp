// What the tests of profiles and lines share.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "cliport/trajectory.hpp"

namespace cliport {

inline constexpr double kCycleS = 0.001;

inline double uniform(std::mt19937& random, double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

}  // namespace cliport
