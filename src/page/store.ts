// What the service has told so far. One signal for what changes together; views read signals and nothing else.

import { computed, signal } from '@preact/signals'
import type { Goal, PictureHeader, Question, ServiceState, Turn } from '../service/api.js'
import type { VoiceState } from '../service/api-voice.js'

export type Session = ServiceState['session']
export type Robot = NonNullable<ServiceState['robot']>
export type CameraAge = ServiceState['cameras'][number]
export type Workspace = ServiceState['workspace']

/** connecting: never had it; lost: had it, and tries again; unauthorized: the token is not that of the service. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'unauthorized'
export const link = signal<LinkState>('connecting')
/** When the last message came, on this browser's clock. */
export const heardAtMs = signal(performance.now())

/** What stays as it is until the service starts again, another scene is made, or a disk is full. */
export type Facts = Pick<
  ServiceState,
  | 'api'
  | 'version'
  | 'epoch'
  | 'started_at_ms'
  | 'simulated'
  | 'backend'
  | 'policy'
  | 'workspace'
  | 'scene'
  | 'disks'
  | 'problems'
>
export const facts = signal<Facts | null>(null)
export const session = signal<Session | null>(null)
export const robot = signal<Robot | null>(null)
export const voice = signal<VoiceState | null>(null)
export const cameras = signal<{ readonly list: readonly CameraAge[]; readonly atMs: number }>({ list: [], atMs: 0 })
export const question = signal<Question | null>(null)
export const turn = signal<Turn | null>(null)
/** Every goal of which the service has told, by id. */
export const goals = signal<ReadonlyMap<string, Goal>>(new Map())
export const queueIds = signal<readonly string[]>([])
export const log = signal<readonly string[]>([])

export const queue = computed(() =>
  queueIds.value.map((id) => goals.value.get(id)).filter((goal) => goal !== undefined),
)
export const runningGoal = computed(() => {
  const id = session.value?.running
  return id === undefined || id === null ? null : (goals.value.get(id) ?? null)
})
/** The newest goals that ended, newest first. */
export const finished = computed(() =>
  [...goals.value.values()]
    .filter(({ ended_at_ms }) => ended_at_ms !== null)
    .sort((a, b) => b.ended_at_ms! - a.ended_at_ms!),
)

/** A picture, decoded, and when it was taken on the service's clock. */
export interface LivePicture {
  readonly header: PictureHeader
  readonly image: ImageBitmap
}
/** By `kind/name`. */
export const pictures = signal<ReadonlyMap<string, LivePicture>>(new Map())

export const logShown = 40
