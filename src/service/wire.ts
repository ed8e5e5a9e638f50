// The runtime's values as the API has them.

import type { z } from 'zod'
import type { Decision } from '../control/decide.js'
import type { CliportError } from '../control/errors.js'
import type { Candidate, Understanding } from '../control/goal/types.js'
import type { ActionPlans } from '../control/plan.js'
import { type Affordance, isMotion, type Plan, type Proposal, type RobotState, type Vec3 } from '../control/types.js'
import type { problemSchema, proposalSchema, questionSchema, robotSchema, Turn, Understood } from './api.js'

export function understoodOf(understanding: Understanding | null): Understood {
  const nothing = { reason: null, words: [], missing: null, candidates: [], suggestions: [] }
  if (understanding === null) return { kind: 'as_said', canonical: null, corrected: [], ...nothing }
  const { kind, notes } = understanding
  if (kind === 'command') return { kind, canonical: understanding.canonical, corrected: [...notes], ...nothing }
  const { reason, words, part, candidates, suggestions } = understanding
  return {
    kind,
    canonical: null,
    corrected: [...notes],
    reason,
    words: [...words],
    missing: part,
    candidates: candidates.map(candidateOf),
    suggestions: [...suggestions],
  }
}

export function candidateOf({
  name,
  sentence,
  objects,
}: Candidate): z.infer<typeof questionSchema>['candidates'][number] {
  return {
    name,
    sentence,
    pixels: objects.map(({ pixel: [u, v] }) => [u, v]),
    p_base_m: objects.map(({ p_base_m }) => vec3Of(p_base_m)),
  }
}

export function proposalOf(proposal: Proposal, decision: Decision): z.infer<typeof proposalSchema> {
  return {
    pick: poseOf(proposal.pick),
    place: poseOf(proposal.place),
    remaining: proposal.remaining,
    found: proposal.found,
    decision: decision.kind === 'conclude' ? decision.outcome : decision.kind,
    reason: decision.kind === 'conclude' ? decision.reason : '',
  }
}

function poseOf({ pixel: [u, v], p_base_m, yawRad, probability }: Affordance) {
  return { pixel: [u, v] as [number, number], p_base_m: vec3Of(p_base_m), yaw_rad: yawRad, probability }
}

export function planOf({ pick, place }: Pick<ActionPlans, 'pick' | 'place'>): NonNullable<Turn['plan']> {
  return { pick: cornersOf(pick), place: place === null ? [] : cornersOf(place) }
}

function cornersOf({ segments }: Plan): [number, number, number][] {
  return segments.filter(isMotion).map(({ p_base_m }) => vec3Of(p_base_m))
}

export function robotOf(state: RobotState, nowNs: bigint): z.infer<typeof robotSchema> {
  const { mode, qRad, p_base_tool_m, yawRad, contact, endEffector, reason, detail, arrivedNs } = state
  return {
    mode,
    q_rad: [...qRad],
    p_base_tool_m: vec3Of(p_base_tool_m),
    yaw_rad: yawRad,
    contact,
    holding: endEffector.holding,
    width_m: endEffector.widthM,
    reason: reason === 'none' ? '' : detail === '' ? reason : `${reason}: ${detail}`,
    age_ms: Number(nowNs - arrivedNs) / 1e6,
  }
}

export function problemOf({ code, stage, message, hint }: CliportError): z.infer<typeof problemSchema> {
  return { code, stage, message, hint }
}

function vec3Of([x, y, z]: Vec3): [number, number, number] {
  return [x, y, z]
}
