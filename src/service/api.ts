// Everything that crosses the service's sockets: requests, answers, events. The one source of the validation, of the types
// here, of the OpenAPI text (`GET /api/openapi.json`), and of what the page and the clients are made against.
//
// Metres, radians and seconds in the robot's base frame; times of day are milliseconds since 1970 (`_at_ms`), times of the
// service's own clock are milliseconds since its start (`_ms` beside `epoch`).

import { z } from 'zod'
import { errorCodes } from '../control/errors.js'
import { voiceEventSchema, voiceStateSchema } from './api-voice.js'

export { type PictureHeader, pictureHeaderSchema } from './api-pictures.js'

/** Version of this interface: a change that breaks a client raises it. */
export const apiVersion = 1

// ---- values ----

const vec3 = z.tuple([z.number(), z.number(), z.number()]).describe('x, y, z in metres, base frame')
const pixel = z
  .tuple([z.int().min(0), z.int().min(0)])
  .describe('row u (along +y) and column v (along +x) of the heightmap')

/** What went wrong, as everywhere in this project (docs/errors.md). */
export const problemSchema = z
  .object({
    code: z.enum(errorCodes),
    stage: z.string(),
    message: z.string(),
    hint: z.string().describe('what a person should do about it'),
  })
  .meta({ id: 'Problem' })

export const errorSchema = z.object({ error: problemSchema }).meta({ id: 'Error' })

const outcome = z.enum([
  'achieved',
  'failed',
  'not_understood',
  'unsupported',
  'ambiguous',
  'not_found',
  'unsure',
  'refused',
  'stopped',
  'error',
])

/** What the service does with the arm. Only `ready` begins a goal. */
export const modes = [
  'safe_mode',
  'lost',
  'disarmed',
  'ready',
  'running',
  'asking',
  'paused',
  'stopping',
  'stopped',
  'fault',
  'closing',
] as const

export const goalSchema = z
  .object({
    id: z.string(),
    sentence: z.string(),
    kind: z.enum(['sentence', 'takeover']),
    state: z
      .enum(['queued', 'running', 'done', 'paused', 'canceled'])
      .describe(
        'paused: unfinished when the service ended, or while a person has paused it; nothing but a person resumes it',
      ),
    source: z.string().describe('who gave it: page, cli, api, voice, ...'),
    created_at_ms: z.number(),
    started_at_ms: z.number().nullable(),
    ended_at_ms: z.number().nullable(),
    starts: z.int().describe('how often it was begun'),
    outcome: outcome.nullable(),
    reason: z.string().nullable().describe('why it ended so, or why it waits'),
    folder: z.string().nullable().describe('folder of the run, with its page and recording'),
    report: z.record(z.string(), z.unknown()).nullable().describe('as `cliport run --json`'),
    flag: z.enum(['good', 'bad']).nullable().describe('a person judged the run'),
    note: z.string(),
  })
  .meta({ id: 'Goal' })

/** A goal of the queue, or of its history. */
export type Goal = z.infer<typeof goalSchema>

export const robotSchema = z
  .object({
    mode: z.enum(['disarmed', 'armed', 'moving', 'stopping', 'stopped', 'fault', 'free_drive']),
    q_rad: z.array(z.number()),
    p_base_tool_m: vec3,
    yaw_rad: z.number(),
    contact: z.boolean(),
    holding: z.boolean(),
    width_m: z.number().nullable(),
    reason: z.string(),
    age_ms: z.number().describe('since it arrived'),
  })
  .meta({ id: 'Robot' })

export const cameraSchema = z
  .object({
    name: z.string(),
    age_ms: z.number().nullable().describe('since the newest frame; null: none yet'),
    ok: z.boolean().describe('false when it has delivered nothing for two seconds'),
    problem: z.string().nullable(),
  })
  .meta({ id: 'Camera' })

export const diskSchema = z
  .object({
    use: z.enum(['goals', 'runs']).describe('what is written to it: the queue, or folders of runs'),
    folder: z.string(),
    free_bytes: z.number(),
    total_bytes: z.number(),
    full: z.boolean().describe('there is no room for another goal, or for a run'),
  })
  .meta({ id: 'Disk' })

/** What a disk of the service is for. */
export type DiskUse = z.infer<typeof diskSchema>['use']

const candidateSchema = z.object({
  name: z.string().describe('"the red block"'),
  sentence: z.string().describe('the sentence that means this one'),
  pixels: z.array(pixel).describe('middle of each thing that it names'),
  p_base_m: z.array(vec3),
})

export const questionSchema = z
  .object({
    id: z.string(),
    goal_id: z.string(),
    sentence: z.string(),
    reason: z.string(),
    candidates: z.array(candidateSchema),
    asked_at_ms: z.number(),
  })
  .meta({ id: 'Question' })

/** A question that a run asks a person. */
export type Question = z.infer<typeof questionSchema>

const poseSchema = z.object({
  pixel,
  p_base_m: vec3,
  yaw_rad: z.number().describe("positive counter-clockwise seen from above; the place's is relative to the pick's"),
  probability: z.number(),
})

export const proposalSchema = z
  .object({
    pick: poseSchema,
    place: poseSchema,
    remaining: z.number(),
    found: z.number(),
    decision: z.string().describe('act, retrySuppressed, or the outcome with which it concludes'),
    reason: z.string(),
  })
  .meta({ id: 'Proposal' })

export const understoodSchema = z
  .object({
    kind: z.enum(['command', 'not_understood', 'unsupported', 'not_found', 'ambiguous', 'as_said']),
    canonical: z.string().nullable().describe('in words that the policy was trained on'),
    corrected: z.array(z.string()).describe("what was read otherwise than it was said: 'read gren as green'"),
    reason: z.string().nullable().describe('why it is no command'),
    words: z.array(z.string()).describe('the words at fault'),
    missing: z.enum(['thing', 'place']).nullable().describe('the part of the sentence that is at fault'),
    candidates: z.array(candidateSchema),
    suggestions: z.array(z.string()).describe('sentences that would work on this scene'),
  })
  .meta({ id: 'Understood' })

export type Understood = z.infer<typeof understoodSchema>

export const turnSchema = z
  .object({
    goal_id: z.string(),
    step: z.int(),
    understood: understoodSchema.nullable(),
    proposal: proposalSchema.nullable(),
    plan: z
      .object({
        pick: z.array(vec3).describe('where the tool goes, corner by corner'),
        place: z.array(vec3),
      })
      .nullable(),
    verdict: z.string().nullable().describe('of the step before: placed, missed, lost, refused'),
    stages_ms: z.record(z.string(), z.number()).describe('newest duration of each stage'),
  })
  .meta({ id: 'Turn' })

/** What the running goal sees, proposes and does now. */
export type Turn = z.infer<typeof turnSchema>

export const sessionSchema = z
  .object({
    mode: z.enum(modes),
    reason: z.string().nullable().describe('why it is not ready, for a person'),
    armed: z.boolean(),
    paused: z.boolean(),
    running: z.string().nullable().describe('id of the goal that runs'),
    problem: problemSchema.nullable(),
  })
  .meta({ id: 'Session' })

export const workspaceSchema = z
  .object({
    rows: z.int(),
    cols: z.int(),
    x_min_m: z.number(),
    y_min_m: z.number(),
    z_min_m: z.number(),
    pixel_m: z.number(),
  })
  .meta({ id: 'Workspace' })

export const stateSchema = z
  .object({
    api: z.int(),
    version: z.string(),
    epoch: z.string().describe('of this start of the service'),
    clock_ms: z.number().describe("the service's clock, for Cliport-Expires"),
    started_at_ms: z.number(),
    simulated: z.boolean(),
    backend: z.string().nullable(),
    policy: z.string().nullable(),
    workspace: workspaceSchema,
    scene: z.object({ task: z.string(), seed: z.int(), sentence: z.string() }).nullable(),
    session: sessionSchema,
    robot: robotSchema.nullable(),
    cameras: z.array(cameraSchema),
    question: questionSchema.nullable(),
    turn: turnSchema.nullable(),
    queue: z.array(goalSchema).describe('unfinished goals, in the order in which they will run'),
    history: z.array(goalSchema).describe('the newest finished ones, newest first'),
    disks: z.array(diskSchema),
    problems: z.array(z.string()).describe('of the settings, in safe mode'),
    voice: voiceStateSchema,
  })
  .meta({ id: 'State' })

/** Words that the policy knows, for completing what is typed; empty where it has no lexicon. */
export const lexiconSchema = z
  .object({
    nouns: z.array(z.string()),
    colors: z.record(z.string(), z.string()).describe('name -> sRGB, #rrggbb'),
    relations: z.array(z.string()),
  })
  .meta({ id: 'Lexicon' })

/** Everything that the page shows. */
export type ServiceState = z.infer<typeof stateSchema>

// ---- requests ----

export const sentenceSchema = z.string().min(1).max(500)

/** Of a goal, which says what is wrong with it in its own words: GOAL_EMPTY, GOAL_TOO_LONG. */
export const goalTextSchema = z.string().meta({ minLength: 1, maxLength: 500 })

export const previewRequestSchema = z
  .object({
    sentence: goalTextSchema,
    heat: z.boolean().default(true).describe('pictures of the affordances too'),
    plan: z.boolean().default(false).describe('a dry run: planned and checked too'),
  })
  .strict()
  .meta({ id: 'PreviewRequest' })

export const previewSchema = z
  .object({
    sentence: z.string(),
    superseded: z.boolean().describe('a newer preview was asked for meanwhile: nothing else here counts'),
    understood: understoodSchema,
    proposal: proposalSchema.nullable(),
    heat: z
      .object({ pick: z.string(), place: z.string() })
      .nullable()
      .describe(
        'data: URLs of layers seen from above (WebP, rows wide and cols high: y to the right, x down); transparent where weak',
      ),
    plan: z
      .object({
        pick: z.array(vec3).describe('where the tool would go, corner by corner'),
        place: z.array(vec3),
        refused: z.string().nullable().describe('what the check has against it; null: it would be executed'),
      })
      .nullable()
      .describe('null where none was asked for, or there is nothing to do'),
    heightmap_age_ms: z.number().nullable(),
    took_ms: z.number(),
  })
  .meta({ id: 'Preview' })

/** What a sentence would do. */
export type Preview = z.infer<typeof previewSchema>

const clickSchema = z.union([z.object({ pixel }).strict(), z.object({ p_base_m: vec3 }).strict()])

export const takeoverSchema = z
  .object({
    pick: clickSchema,
    place: clickSchema,
    pick_yaw_rad: z.number().min(-7).max(7).default(0),
    place_yaw_rad: z.number().min(-7).max(7).default(0).describe("relative to the pick's"),
    sentence: sentenceSchema.describe('what it demonstrates'),
  })
  .strict()
  .meta({ id: 'Takeover' })

/** What a person picks and places instead of the policy. */
export type Takeover = z.infer<typeof takeoverSchema>

/** Query of `GET /api/goals`. */
export const listGoalsSchema = z.object({
  state: z.enum(['unfinished', 'finished', 'all']).default('all'),
  outcome: outcome.optional(),
  text: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  before: z.string().optional().describe('id of the last goal of the page before'),
})

export const goalsSchema = z.object({ goals: z.array(goalSchema) }).meta({ id: 'Goals' })

/** Files of a run's folder; none where it has none, or it was removed. */
export const goalFilesSchema = z.object({ files: z.array(z.string()) }).meta({ id: 'GoalFiles' })

// ---- events ----

const event = <Name extends string, Data extends z.ZodType>(name: Name, data: Data) =>
  z.object({ event: z.literal(name), sequence: z.int(), clock_ms: z.number(), data })

/** What `/api/events` sends as text. `state` comes first; `sequence` then has no gap, but for `robot` and `cameras`. */
export const eventSchema = z
  .discriminatedUnion('event', [
    event('state', stateSchema),
    event('session', sessionSchema),
    event('goal', goalSchema),
    event('queue', z.object({ ids: z.array(z.string()) })),
    event('question', z.object({ question: questionSchema.nullable() })),
    event('turn', turnSchema),
    event('problem', problemSchema),
    event('voice', voiceEventSchema),
    event('log', z.object({ line: z.string() })),
    event('robot', robotSchema),
    event('cameras', z.object({ cameras: z.array(cameraSchema) })),
  ])
  .meta({ id: 'Event' })

/** One text message of `/api/events`. */
export type ServiceEvent = z.infer<typeof eventSchema>
export type EventName = ServiceEvent['event']
export type EventData<Name extends EventName> = Extract<ServiceEvent, { event: Name }>['data']

/** Headers that an act may carry: it is refused, not run late, when it arrives after that time or at another start. */
export const expiryHeaders = {
  'cliport-epoch': z.string().optional().describe('`epoch` of the state that the person saw'),
  'cliport-expires': z.coerce.number().optional().describe("on the service's clock, `clock_ms`"),
} as const
