// Pick, place and the way between them in space; the plan of a run or of a dry run as a line, and a tool that goes along it.

import {
  BufferGeometry,
  ConeGeometry,
  Group,
  type Group as GroupType,
  Line,
  LineBasicMaterial,
  Mesh,
  MeshBasicMaterial,
  type Object3D,
  QuadraticBezierCurve3,
  RingGeometry,
  SphereGeometry,
  TubeGeometry,
  Vector3,
} from 'three'

type Point = readonly [x: number, y: number, z: number]

export interface MarksOf {
  readonly pick: Point | null
  readonly place: Point | null
  /** Colours as on the map. */
  readonly colors: { readonly pick: string; readonly place: string; readonly way: string }
}

const paint = (color: string) => new MeshBasicMaterial({ color })

export function Marks({ pick, place, colors }: MarksOf): Object3D[] {
  const shapes: Object3D[] = []
  if (pick !== null) shapes.push(...arrowDown(pick, colors.pick))
  if (place !== null) {
    const ring = new Mesh(new RingGeometry(0.026, 0.034, 40), paint(colors.place))
    ring.position.set(place[0], place[1], place[2] + 0.055)
    shapes.push(...arrowDown(place, colors.place), ring)
  }
  if (pick !== null && place !== null) shapes.push(...arc(new Vector3(...pick), new Vector3(...place), colors.way))
  return shapes
}

/** An arrow that ends at a point of the table. */
function arrowDown([x, y, z]: Point, color: string): Object3D[] {
  const shaft = new Mesh(
    new TubeGeometry(
      new QuadraticBezierCurve3(new Vector3(x, y, z + 0.15), new Vector3(x, y, z + 0.1), new Vector3(x, y, z + 0.04)),
      1,
      0.004,
    ),
    paint(color),
  )
  const head = new Mesh(new ConeGeometry(0.013, 0.04, 20), paint(color))
  head.rotation.x = -Math.PI / 2
  head.position.set(x, y, z + 0.022)
  return [shaft, head]
}

function arc(from: Vector3, to: Vector3, color: string): Object3D[] {
  const lift = new Vector3(0, 0, 0.15)
  const [start, end] = [from.clone().add(lift), to.clone().add(lift)]
  const top = start.clone().lerp(end, 0.5)
  top.z = Math.max(start.z, end.z) + 0.12
  const curve = new QuadraticBezierCurve3(start, top, end)
  return [new Mesh(new TubeGeometry(curve, 32, 0.0028, 8), paint(color))]
}

export function disposeChildren(group: GroupType): void {
  for (const child of group.children as (
    | Mesh<BufferGeometry, MeshBasicMaterial>
    | Line<BufferGeometry, LineBasicMaterial>
  )[]) {
    child.geometry.dispose()
    child.material.dispose()
  }
  group.clear()
}

/** Shown speed of the tool in a dry run, metres a second: about that of the arm. */
const playedMps = 0.35

export class PlanLine {
  readonly group = new Group()
  #corners: Vector3[] = []
  #tool: Mesh | null = null
  #begunMs: number | null = null

  constructor(private readonly wake: () => void) {}

  set(corners: readonly Point[], isPlayed: boolean): void {
    disposeChildren(this.group)
    this.#tool = null
    this.#begunMs = null
    this.#corners = corners.map((corner) => new Vector3(...corner))
    if (corners.length < 2) return
    const geometry = new BufferGeometry().setFromPoints(this.#corners)
    this.group.add(new Line(geometry, new LineBasicMaterial({ color: '#b46bff' })))
    if (!isPlayed) return
    this.#tool = new Mesh(new SphereGeometry(0.014, 20, 14), paint('#b46bff'))
    this.#tool.position.copy(this.#corners[0]!)
    this.group.add(this.#tool)
    this.wake()
  }

  /** Moves the tool. @returns whether it goes on */
  advance(atMs: number): boolean {
    if (this.#tool === null) return false
    this.#begunMs ??= atMs
    let leftM = ((atMs - this.#begunMs) / 1000) * playedMps
    for (const [i, to] of this.#corners.entries()) {
      if (i === 0) continue
      const from = this.#corners[i - 1]!
      const lengthM = from.distanceTo(to)
      if (leftM < lengthM) {
        this.#tool.position.copy(from).lerp(to, leftM / lengthM)
        return true
      }
      leftM -= lengthM
    }
    this.#tool.position.copy(this.#corners.at(-1)!)
    return false
  }

  dispose(): void {
    disposeChildren(this.group)
  }
}
