// Every task that the cell knows, by its full name. The list is the folder: a file that exports a `task` is a task.

import { readdirSync } from 'node:fs'
import { CliportError } from '../../control/errors.js'
import { nearest } from '../../control/nearest.js'
import type { Task, TaskVariant } from './task.js'

const tasks = await tasksOfThisFolder()

interface Found {
  readonly task: Task
  readonly variant: TaskVariant
}

const all: ReadonlyMap<string, Found> = new Map(
  tasks.flatMap((task) => task.variants.map((variant): [string, Found] => [variant.name, { task, variant }])),
)

/** What each task declares of itself, by its name. */
export const declarations: ReadonlyMap<string, Omit<Task, 'build'>> = new Map(
  tasks.map(({ build: _, ...declared }) => [declared.name, declared]),
)

/** Full names, e.g. 'put-block-in-bowl-seen-colors'. */
export const taskNames: readonly string[] = [...all.keys()]

/** @throws CliportError TASK_UNKNOWN with the names that are near, or the tasks that exist */
export function taskNamed(name: string): Found {
  const found = all.get(name)
  if (found !== undefined) return found
  throw new CliportError('TASK_UNKNOWN', `Expected the name of a task but received '${name}'`, {
    stage: 'start',
    hint: hintFor(name),
  })
}

function hintFor(name: string): string {
  const near = nearest(name, taskNames)
  const task = declarations.has(name) ? name : near === null ? nearest(name, [...declarations.keys()]) : null
  const ofTask = taskNames.filter((known) => task !== null && known.startsWith(`${task}-`))
  if (ofTask.length > 0) return `A name says which colours, too. Use one of: ${ofTask.join(', ')}`
  return `${near === null ? '' : `Did you mean '${near}'? `}${everyTask()}`
}

/** Each task with the ends that its names have: 'put-block-in-bowl (-seen-colors, -unseen-colors)'. */
function everyTask(): string {
  const words = tasks.flatMap(({ name, variants }) => {
    const full = variants.map((variant) => variant.name)
    if (full.length === 1 || full.some((one) => !one.startsWith(`${name}-`))) return full
    return `${name} (${full.map((one) => one.slice(name.length)).join(', ')})`
  })
  return `Tasks, and in brackets how their names end: ${words.join('; ')}`
}

/** Published mean score of a task, per cent; null where there is none. */
export function publishedPercent(name: string): number | null {
  return all.get(name)?.variant.publishedPercent ?? null
}

/** What sentences call a kind of thing, and every other noun of the tasks. */
export const nouns: ReadonlyMap<string, readonly string[]> = nounsOf(tasks)

/**
 * Other words for the things of a sentence are drawn from one list a kind. Tasks without sentences of their own may call a
 * thing by more names, which hold for them alone.
 * @throws Error where two tasks with sentences name one kind differently
 */
export function nounsOf(all: readonly Pick<Task, 'name' | 'nouns' | 'forms'>[]): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>()
  const owners = new Map<string, string>()
  for (const { name, nouns, forms } of all) {
    for (const [kind, names] of Object.entries(nouns)) {
      const owner = owners.get(kind)
      if (owner !== undefined && forms.length > 0 && `${known.get(kind)}` !== `${names}`) {
        throw new Error(
          `Expected one list of names for '${kind}' but received [${known.get(kind)}] of ${owner} and [${names}] of ${name}`,
        )
      }
      known.set(kind, names)
      if (forms.length > 0) owners.set(kind, name)
    }
  }
  return known
}

/** Compiled files here are .js with .d.ts beside them; sources under test are .ts. In order of their names. */
async function tasksOfThisFolder(): Promise<Task[]> {
  const files = readdirSync(new URL('.', import.meta.url))
    .filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts') && !/^index\./.test(file))
    .sort()
  const modules = await Promise.all(
    files.map((file) => import(new URL(file, import.meta.url).href) as Promise<{ readonly task?: Task }>),
  )
  return modules.flatMap(({ task }) => (task === undefined ? [] : [task]))
}
