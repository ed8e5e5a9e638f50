// The cell in three dimensions, in the robot's base frame (x away from the robot, y left, z up; metres): the arm from its
// URDF, the table as the cameras see it, pick and place as arrows, the plan as a line. Drawn only where somebody sees it, when
// something changed.

import {
  AmbientLight,
  Color,
  DirectionalLight,
  GridHelper,
  Group,
  PerspectiveCamera,
  Scene,
  WebGLRenderer,
} from 'three'
import { OrbitControls } from 'three/addons/controls/OrbitControls.js'
import { Arm } from './arm.js'
import { disposeChildren, Marks, type MarksOf, PlanLine } from './marks.js'
import { Surface, type SurfaceSpec } from './surface.js'

/** Most pictures a second: a table needs no more, and the processor may have a robot to move. */
const mostHz = 20
const tableEveryMs = 1000

export type { MarksOf } from './marks.js'

const viewpoints = {
  front: [1.85, 0, 1.02],
  left: [0.55, 1.5, 0.8],
  top: [0.52, 0, 2],
} as const
export type Viewpoint = keyof typeof viewpoints

export class CellScene {
  readonly #renderer: WebGLRenderer
  readonly #scene = new Scene()
  readonly #camera = new PerspectiveCamera(38, 2, 0.05, 20)
  readonly #controls: OrbitControls
  readonly #marks = new Group()
  readonly #plan = new PlanLine(() => this.#wake())
  readonly #size: ResizeObserver
  #arm: Arm | null = null
  #surface: Surface | null = null
  #grid: GridHelper | null = null
  readonly #sight: IntersectionObserver
  #isSeen = false
  #frame: number | null = null
  #task: ReturnType<typeof setTimeout> | undefined
  #drawnMs = 0
  #tableMs = Number.NEGATIVE_INFINITY

  /** @throws where the browser has no WebGL */
  constructor(private readonly canvas: HTMLCanvasElement) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true })
    this.#renderer.setPixelRatio(Math.min(1.5, devicePixelRatio))
    this.#camera.up.set(0, 0, 1)
    this.#controls = new OrbitControls(this.#camera, canvas)
    // The page scrolls with the wheel; a pinch, or the wheel with a key held, comes nearer.
    this.#controls.enableZoom = false
    this.#controls.maxPolarAngle = Math.PI / 2 - 0.03
    this.#controls.target.set(0.3, 0, 0.26)
    this.#controls.addEventListener('change', () => this.#wake())
    const sun = new DirectionalLight(0xffffff, 2.1)
    sun.position.set(1.2, 0.9, 2.2)
    this.#scene.add(new AmbientLight(0xffffff, 1.3), sun, this.#marks, this.#plan.group)
    this.#size = new ResizeObserver(() => this.#resize())
    this.#size.observe(canvas)
    this.#sight = new IntersectionObserver((changes) => {
      this.#isSeen = changes.at(-1)!.isIntersecting
      this.#wake()
    })
    this.#sight.observe(canvas)
    this.look('front')
    void Arm.load().then((arm) => {
      this.#arm = arm
      this.#scene.add(arm.object)
      this.#wake()
    })
  }

  look(from: Viewpoint): void {
    const [x, y, z] = viewpoints[from]
    this.#camera.position.set(x, y, z)
    this.#controls.update()
    this.#wake()
  }

  /** @param line colour of the floor's grid, CSS */
  setColors(line: string): void {
    if (this.#grid !== null) {
      this.#scene.remove(this.#grid)
      this.#grid.dispose()
    }
    const color = new Color(line)
    this.#grid = new GridHelper(2.4, 24, color, color)
    this.#grid.rotation.x = Math.PI / 2
    this.#grid.position.set(0.4, 0, -0.004)
    this.#scene.add(this.#grid)
    this.#wake()
  }

  setJoints(qRad: readonly number[]): void {
    if (this.#arm?.setJoints(qRad) === true) this.#wake()
  }

  /** At most once a second: a table changes slowly. @param color,elevation pictures from above, of the same look */
  setTable(spec: SurfaceSpec, color: ImageBitmap, elevation: ImageBitmap): void {
    if (performance.now() - this.#tableMs < tableEveryMs && this.#surface?.fits(spec) === true) return
    this.#tableMs = performance.now()
    if (this.#surface === null || !this.#surface.fits(spec)) {
      this.#surface?.dispose()
      if (this.#surface !== null) this.#scene.remove(this.#surface.object)
      this.#surface = new Surface(spec)
      this.#scene.add(this.#surface.object)
    }
    this.#surface.set(color, elevation)
    this.#wake()
  }

  setMarks(marks: MarksOf | null): void {
    disposeChildren(this.#marks)
    for (const shape of marks === null ? [] : Marks(marks)) this.#marks.add(shape)
    this.#wake()
  }

  /** @param corners where the tool goes, metres; empty: no plan @param isPlayed a tool runs along it once */
  setPlan(corners: readonly (readonly [number, number, number])[], isPlayed: boolean): void {
    this.#plan.set(corners, isPlayed)
    this.#wake()
  }

  dispose(): void {
    this.#size.disconnect()
    this.#sight.disconnect()
    this.#isSeen = false
    if (this.#frame !== null) cancelAnimationFrame(this.#frame)
    clearTimeout(this.#task)
    this.#controls.dispose()
    this.#surface?.dispose()
    disposeChildren(this.#marks)
    this.#plan.dispose()
    this.#renderer.dispose()
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas
    if (width === 0 || height === 0) return
    this.#renderer.setSize(width, height, false)
    this.#camera.aspect = width / height
    // A narrow picture shows the whole table too.
    this.#camera.fov = width / height > 1.4 ? 36 : 46
    this.#camera.updateProjectionMatrix()
    this.#wake()
  }

  /** After the frame in which something changed: where no GPU draws, this takes long, and the map is not kept waiting for it. */
  #wake(): void {
    if (!this.#isSeen) return
    this.#frame ??= requestAnimationFrame((atMs) => {
      this.#task = setTimeout(() => this.#draw(atMs), 0)
    })
  }

  #draw(atMs: number): void {
    this.#frame = null
    if (atMs - this.#drawnMs < 1000 / mostHz - 4) {
      this.#wake()
      return
    }
    this.#drawnMs = atMs
    const isPlaying = this.#plan.advance(atMs)
    this.#renderer.render(this.#scene, this.#camera)
    if (isPlaying) this.#wake()
  }
}
