// Steps that may follow a projection; none is part of it.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "cliport/heightmap.hpp"

namespace cliport {
namespace {

constexpr std::size_t kSeenToFill = 5;  // of eight neighbours: a crack or a pinhole, not the edge of a shadow

Status check_view(const HeightmapView& map) {
  if (map.rows < 1 || map.cols < 1 || map.rows > kMaxHeightmapSide || map.cols > kMaxHeightmapSide) {
    return invalid_argument("Expected 1 to " + std::to_string(kMaxHeightmapSide) + " rows and columns but received " +
                            std::to_string(map.rows) + " x " + std::to_string(map.cols));
  }
  const std::size_t cells = static_cast<std::size_t>(map.rows) * static_cast<std::size_t>(map.cols);
  if (map.height_m.size() != cells || map.color.size() != 3 * cells) {
    return invalid_argument("Expected " + std::to_string(cells) +
                            " heights and three times as many colour bytes but received " +
                            std::to_string(map.height_m.size()) + " and " + std::to_string(map.color.size()));
  }
  return {};
}

bool is_seen(const HeightmapView& map, std::size_t cell) {
  const std::uint8_t* rgb = map.color.data() + 3 * cell;
  return map.height_m[cell] != 0.0f || (rgb[0] | rgb[1] | rgb[2]) != 0;
}

// Up to eight cells.
struct Neighbors {
  std::array<std::size_t, 8> cells;
  std::size_t count = 0;
  std::size_t* begin() { return cells.data(); }
  std::size_t* end() { return cells.data() + count; }
};

Neighbors seen_around(const HeightmapView& map, int row, int col) {
  Neighbors around;
  for (int r = std::max(0, row - 1); r <= std::min(map.rows - 1, row + 1); ++r) {
    for (int c = std::max(0, col - 1); c <= std::min(map.cols - 1, col + 1); ++c) {
      const std::size_t cell =
          static_cast<std::size_t>(r) * static_cast<std::size_t>(map.cols) + static_cast<std::size_t>(c);
      if ((r != row || c != col) && is_seen(map, cell)) around.cells[around.count++] = cell;
    }
  }
  return around;
}

template <typename Visit>
void for_each_cell(const HeightmapView& map, Visit visit) {
  std::size_t cell = 0;
  for (int row = 0; row < map.rows; ++row) {
    for (int col = 0; col < map.cols; ++col) visit(cell++, row, col);
  }
}

}  // namespace

Status remove_outliers(const HeightmapView& map, double tolerance_m, int min_support, int* removed) {
  if (Status status = check_view(map); !status.ok()) return status;
  if (!(std::isfinite(tolerance_m) && tolerance_m > 0.0)) {
    return invalid_argument("Expected a positive number of metres for toleranceM but received " +
                            std::to_string(tolerance_m));
  }
  if (min_support < 1 || min_support > 8) {
    return invalid_argument("Expected 1 to 8 for minSupport but received " + std::to_string(min_support));
  }
  std::vector<std::size_t> alone;
  for_each_cell(map, [&](std::size_t cell, int row, int col) {
    if (!is_seen(map, cell)) return;
    Neighbors around = seen_around(map, row, col);
    const auto support = std::count_if(around.begin(), around.end(), [&](std::size_t other) {
      return std::abs(static_cast<double>(map.height_m[other]) - static_cast<double>(map.height_m[cell])) <=
             tolerance_m;
    });
    if (support < min_support) alone.push_back(cell);
  });
  for (const std::size_t cell : alone) {
    map.height_m[cell] = 0.0f;
    std::fill_n(map.color.begin() + static_cast<std::ptrdiff_t>(3 * cell), 3, std::uint8_t{0});
  }
  if (removed) *removed = static_cast<int>(alone.size());
  return {};
}

Status fill_holes(const HeightmapView& map, int passes, int* filled) {
  if (Status status = check_view(map); !status.ok()) return status;
  if (passes < 1 || passes > kMaxHolePasses) {
    return invalid_argument("Expected 1 to " + std::to_string(kMaxHolePasses) + " for passes but received " +
                            std::to_string(passes));
  }
  struct Fill {
    std::size_t cell, from;
  };
  std::vector<Fill> fills;
  int total = 0;
  for (int pass = 0; pass < passes; ++pass) {
    fills.clear();
    for_each_cell(map, [&](std::size_t cell, int row, int col) {
      if (is_seen(map, cell)) return;
      Neighbors around = seen_around(map, row, col);
      if (around.count < kSeenToFill) return;
      std::size_t* median = around.begin() + (around.count - 1) / 2;
      std::nth_element(around.begin(), median, around.end(), [&map](std::size_t a, std::size_t b) {
        return map.height_m[a] != map.height_m[b] ? map.height_m[a] < map.height_m[b] : a < b;
      });
      fills.push_back({cell, *median});
    });
    for (const auto& [cell, from] : fills) {
      map.height_m[cell] = map.height_m[from];
      std::copy_n(map.color.begin() + static_cast<std::ptrdiff_t>(3 * from), 3,
                  map.color.begin() + static_cast<std::ptrdiff_t>(3 * cell));
    }
    total += static_cast<int>(fills.size());
    if (fills.empty()) break;
  }
  if (filled) *filled = total;
  return {};
}

}  // namespace cliport
