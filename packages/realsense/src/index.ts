// RealSense cameras for Node.js. Start with openCamera and listCameras.

export {
  type CameraStats,
  type NextOptions,
  openCamera,
  type RealSenseCamera,
  type SensorOption,
} from './camera.js'
export { ClockFit, type ClockReading } from './clock.js'
export {
  type CameraInfo,
  type CamerasChanged,
  hardwareReset,
  type LibraryInfo,
  libraryInfo,
  listCameras,
  listProfiles,
  onCamerasChanged,
  type StreamProfile,
  watchCameras,
} from './devices.js'
export { RealSenseError, type RealSenseErrorCode } from './errors.js'
export type { CameraFrame, CameraImage, Intrinsics, Pixels } from './frame.js'
export type { CameraState } from './lifecycle.js'
export { FrameMatcher, type Match, type MatchedFrames, matchFrames } from './matcher.js'
export type { DistortionModel, PixelFormat, StampDomain, StreamKey } from './names.js'
export type { CameraOptions, FilterOptions, StreamOptions } from './options.js'
export { type PointCloud, plyOf, pointCloud } from './point-cloud.js'
