// Completion scripts for shells, made from the program: every verb, option and listed value, with what they mean.

import type { Argument, Command, Option } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may stand behind one command. */
interface Place {
  /** Names from the program down: 'cliport link status'. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly OptionWords[]
  /** Listed values of its arguments. */
  readonly values: readonly string[]
}

interface OptionWords {
  /** As they are typed: '-h', '--help'. */
  readonly names: readonly string[]
  readonly description: string
  /** What may follow: nothing, a listed value, or anything, for which shells offer files. */
  readonly value: 'none' | 'any' | readonly string[]
}

/** The script that a shell reads. @param program the whole program: every verb is loaded */
export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, program.name())
  const make = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell]
  return make(places)
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp()
  const place = {
    path,
    commands: command.commands.map((child) => ({ name: child.name(), description: child.description() })),
    options: help.visibleOptions(command).map(wordsOf),
    values: command.registeredArguments.flatMap(({ argChoices }: Argument) => argChoices ?? []),
  }
  return [place, ...command.commands.flatMap((child) => placesOf(child, `${path} ${child.name()}`))]
}

function wordsOf({ short, long, description, required, optional, argChoices }: Option): OptionWords {
  const names = [short, long].filter((name) => name !== undefined)
  return { names, description, value: argChoices ?? (required || optional ? 'any' : 'none') }
}

/** A word of a shell in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

// ---- bash ----

function bashScript(places: readonly Place[]): string {
  const deeper = places.slice(1).map(({ path }) => quoted(path))
  const values = places.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== 'none')
      .map(({ names, value }) => {
        const patterns = names.map((name) => quoted(`${path} ${name}`)).join(' | ')
        const words = value === 'any' ? '' : `COMPREPLY=($(compgen -W ${quoted([...value].join(' '))} -- "$current"))`
        return `    ${patterns}) ${words === '' ? '' : `${words}; `}return ;;`
      }),
  )
  const words = places.map(({ path, commands, options, values: listed }) => {
    const all = [...commands.map(({ name }) => name), ...listed, ...options.flatMap(({ names }) => names)]
    return `    ${quoted(path)}) words=${quoted(all.join(' '))} ;;`
  })
  return `# bash completion for cliport: eval "$(cliport completion bash)"
_cliport() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} place=cliport word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case "$place $word" in
    ${deeper.join(' | ')}) place="$place $word" ;;
    esac
  done
  COMPREPLY=()
  # Nothing offered: bash completes files.
  case "$place $previous" in
${values.join('\n')}
  esac
  case "$place" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _cliport cliport
`
}

// ---- zsh ----

function zshScript(places: readonly Place[]): string {
  const described = (entries: readonly (readonly [name: string, description: string])[]) =>
    entries.map(([name, description]) => quoted(`${name.replaceAll(':', '\\:')}:${description}`)).join(' ')
  const cases = places.map(({ path, commands, options, values }) => {
    const verbs = described(commands.map(({ name, description }) => [name, description]))
    const flags = described(
      options.flatMap(({ names, description }) => names.map((name) => [name, description] as const)),
    )
    return `    ${quoted(path)})
      verbs=(${verbs})
      flags=(${flags})
      values=(${values.map(quoted).join(' ')})
      ;;`
  })
  const afterOption = places.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== 'none')
      .map(({ names, value }) => {
        const patterns = names.map((name) => quoted(`${path} ${name}`)).join('|')
        return `    ${patterns}) ${value === 'any' ? '_files' : `compadd -- ${[...value].map(quoted).join(' ')}`}; return ;;`
      }),
  )
  const deeper = places.slice(1).map(({ path }) => quoted(path))
  return `#compdef cliport
# zsh completion for cliport
_cliport() {
  local place=cliport word
  local -a verbs flags values
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
    ${deeper.join('|')}) place="$place $word" ;;
    esac
  done
  case "$place $words[CURRENT-1]" in
${afterOption.join('\n')}
  esac
  case "$place" in
${cases.join('\n')}
  esac
  (( $#verbs )) && _describe verb verbs
  (( $#values )) && compadd -- $values
  [[ $words[CURRENT] == -* ]] && _describe -o option flags
  (( $#verbs + $#values )) || _files
}
if [ "$funcstack[1]" = _cliport ]; then _cliport "$@"; else compdef _cliport cliport; fi
`
}

// ---- fish ----

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, values }) => {
    const here = `complete -c cliport -n ${quoted(`__cliport_at ${quoted(path).replaceAll("'", '"')}`)}`
    return [
      ...commands.map(({ name, description }) => `${here} -f -a ${name} -d ${quoted(description)}`),
      ...values.map((value) => `${here} -f -a ${quoted(value)}`),
      ...options.map(({ names, description, value }) => {
        const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
        const takes = value === 'none' ? '' : value === 'any' ? ' -r' : ` -x -a ${quoted([...value].join(' '))}`
        return `${here} ${flags.join(' ')}${takes} -d ${quoted(description)}`
      }),
    ]
  })
  const deeper = places.slice(1).map(({ path }) => `"${path}"`)
  return `# fish completion for cliport: cliport completion fish | source
function __cliport_at
    set -l place cliport
    for word in (commandline -opc)[2..-1]
        switch "$place $word"
            case ${deeper.join(' ')}
                set place "$place $word"
        end
    end
    test "$place" = "$argv[1]"
end
${lines.join('\n')}
`
}
