#include "cliport/heightmap.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include "heightmap_projection.hpp"
#include "thread_pool.hpp"

namespace cliport {
namespace {

constexpr int kRowsAtATime = 32;
constexpr std::size_t kCellsAtATime = 2048;

int cells_along(double min_m, double max_m, double pixel_m) {
  const double cells = std::nearbyint((max_m - min_m) / pixel_m);  // half to even, as numpy.round
  return cells >= 1.0 && cells <= kMaxHeightmapSide ? static_cast<int>(cells) : 0;
}

// Maps of all workers and cameras, all 0 between calls: fusion clears what it reads. The system gives memory for those
// that are used only.
class Scratch {
 public:
  Best* of_size(std::size_t places) {
    if (places > places_) {
      memory_.reset(static_cast<Best*>(std::calloc(places, sizeof(Best))));
      places_ = memory_ ? places : 0;
      if (!memory_) throw std::bad_alloc();
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(Best* memory) const { std::free(memory); }
  };
  std::unique_ptr<Best, Free> memory_;
  std::size_t places_ = 0;
};

// One heightmap, made by one worker or by several at once. Workers begin at different cameras and take a few rows at a
// time, so that most cameras are seen by one worker and have one map, and nobody waits for a slow one for long.
class Work {
 public:
  Work(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, const FusedMap& out,
       const HeightmapOptions& options, Best* scratch)
      : frames_(frames),
        out_(out),
        kernel_(heightmap_kernels().front()),
        project_(options.mode == HeightmapMode::kFast ? kernel_.fast : kernel_.exact),
        workers_(options.threads),
        stride_(out.height_m.size() + 8),  // one place for points outside, and a cache line of its own
        scratch_(scratch),
        next_row_(frames.size()) {
    for (const RgbdFrame& frame : frames) {
      rays_.push_back(rays_of(frame.intrinsics, frame.lens));
      projections_.emplace_back(frame, spec, rays_.back().get());
      sights_.push_back({&frame, rays_.back().get()});
      rows_ += frame.intrinsics.height;
    }
  }

  static std::size_t scratch_places(std::size_t frames, std::size_t cells, int threads) {
    return frames * static_cast<std::size_t>(threads) * (cells + 8);
  }

  // Each worker runs both halves; the second begins when the first is done by all.
  void run(int worker) {
    project(worker);
    for (int done = rows_done_.load(); done != rows_; done = rows_done_.load()) rows_done_.wait(done);
    fuse();
  }

 private:
  void project(int worker) {
    const std::size_t cameras = frames_.size();
    for (std::size_t turn = 0; turn < cameras; ++turn) {
      const std::size_t camera =
          (static_cast<std::size_t>(worker) * cameras / static_cast<std::size_t>(workers_) + turn) % cameras;
      const int height = frames_[camera].intrinsics.height;
      for (int row; (row = next_row_[camera].fetch_add(kRowsAtATime)) < height;) {
        const int end = std::min(height, row + kRowsAtATime);
        Best* map = map_of(worker, camera);
        sights_[camera].maps[static_cast<std::size_t>(worker)] = map;
        project_(projections_[camera], frames_[camera], row, end, map);
        map[out_.height_m.size()] = 0;  // a call with another grid finds all 0
        if (rows_done_.fetch_add(end - row) + (end - row) == rows_ && workers_ > 1) rows_done_.notify_all();
      }
    }
  }

  void fuse() {
    const std::size_t cells = out_.height_m.size();
    for (std::size_t first; (first = next_cell_.fetch_add(kCellsAtATime)) < cells;) {
      kernel_.fuse(sights_, first, std::min(cells, first + kCellsAtATime), out_);
    }
  }

  Best* map_of(int worker, std::size_t camera) const {
    return scratch_ + stride_ * (static_cast<std::size_t>(worker) * frames_.size() + camera);
  }

  std::span<const RgbdFrame> frames_;
  FusedMap out_;
  HeightmapKernel kernel_;
  ProjectFunction project_;
  int workers_;
  std::size_t stride_;
  Best* scratch_;
  std::vector<std::shared_ptr<const LensRays>> rays_;
  std::vector<Projection> projections_;
  std::vector<Sight> sights_;  // each worker writes its own places, and reads all once the rows are done
  int rows_ = 0;
  std::vector<std::atomic<int>> next_row_;  // of each camera
  std::atomic<int> rows_done_ = 0;
  std::atomic<std::size_t> next_cell_ = 0;
};

}  // namespace

int HeightmapSpec::rows() const { return cells_along(y_min_m, y_max_m, pixel_m); }
int HeightmapSpec::cols() const { return cells_along(x_min_m, x_max_m, pixel_m); }

Status project_heightmap(std::span<const RgbdFrame> frames, const HeightmapSpec& spec, std::span<float> height_m,
                         std::span<std::uint8_t> color, std::span<std::uint8_t> labels,
                         const HeightmapOptions& options) {
  if (Status status = check_heightmap(frames, spec, height_m.size(), color.size(), labels.size(), options);
      !status.ok()) {
    return status;
  }
  thread_local Scratch scratch;
  Best* maps = scratch.of_size(Work::scratch_places(frames.size(), height_m.size(), options.threads));
  Work work(frames, spec, {static_cast<float>(spec.z_min_m), height_m, color, labels}, options, maps);
  if (options.threads == 1) {
    work.run(0);
  } else {
    ThreadPool::shared().run(options.threads, [&work](int worker) { work.run(worker); });
  }
  return {};
}

}  // namespace cliport
