import type { CompletedCommand, Completion, Word } from "./completion.ts";

/*
 * The completion as a script for each shell. The command is the first word that is neither an option nor the value of
 * one; what follows it depends on it.
 */

export function bash(completion: Completion, folder: string): string {
  return `# Gatehouse's client in bash, with completion. In ~/.bashrc: eval "$(npm --prefix ${quote(folder)} run -s client -- completion bash)"
gatehouse() { npm --prefix ${quote(folder)} run --silent client -- "$@"; }
_gatehouse() {
  local word=\${COMP_WORDS[COMP_CWORD]} command= candidates= i
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${pattern(valued(completion, "file"))}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${pattern(valued(completion, "text"))}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${pattern([...valued(completion, "file"), ...valued(completion, "text")])}) ((i++)) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
${cases(completion, (words) => `candidates=${quote(words.map(({ word }) => word).join(" "))}`)}
  esac
  COMPREPLY=($(compgen -W "$candidates ${completion.options.map(({ word }) => word).join(" ")}" -- "$word"))
}
complete -F _gatehouse gatehouse`;
}

export function zsh(completion: Completion, folder: string): string {
  const described = (words: readonly Word[]) =>
    words.map(({ word, description }) => quote(`${word}:${description}`)).join(" ");
  return `# Gatehouse's client in zsh, with completion. In ~/.zshrc, after compinit: eval "$(npm --prefix ${quote(folder)} run -s client -- completion zsh)"
gatehouse() { npm --prefix ${quote(folder)} run --silent client -- "$@"; }
_gatehouse() {
  local command= i
  local -a candidates
  case $words[CURRENT-1] in
    ${pattern(valued(completion, "file"))}) _files; return ;;
    ${pattern(valued(completion, "text"))}) return ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      ${pattern([...valued(completion, "file"), ...valued(completion, "text")])}) ((i++)) ;;
      -*) ;;
      *) command=$words[i]; break ;;
    esac
  done
  case $command in
${cases(completion, (words) => `candidates=(${described(words)})`)}
  esac
  candidates+=(${described(completion.options)})
  _describe gatehouse candidates
}
compdef _gatehouse gatehouse`;
}

export function fish({ commands, options }: Completion, folder: string): string {
  const lines = [
    ...commands.flatMap(({ names, description }) =>
      names.map((name) => `-n __fish_use_subcommand -a ${name} -d ${fishQuote(description)}`),
    ),
    ...commands.flatMap(({ names, words }) =>
      words.map((word) => `-n '__fish_seen_subcommand_from ${names.join(" ")}' ${fishWord(word)}`),
    ),
    ...options.map(fishWord),
  ];
  return `# Gatehouse's client in fish, with completion. In config.fish: npm --prefix ${fishQuote(folder)} run -s client -- completion fish | source
function gatehouse; npm --prefix ${fishQuote(folder)} run --silent client -- $argv; end
complete -c gatehouse -f
${lines.map((line) => `complete -c gatehouse ${line}`).join("\n")}`;
}

/** A branch for each command of a `case`, and one for where there is none yet. */
function cases({ commands }: Completion, then: (words: readonly Word[]) => string): string {
  const first = commands.flatMap(({ names, description }) => names.map((word) => ({ word, description })));
  const branch = ({ names, words }: CompletedCommand) => `    ${pattern(names)}) ${then(words)} ;;`;
  return [`    '') ${then(first)} ;;`, ...commands.map(branch)].join("\n");
}

function valued({ commands, options }: Completion, kind: "file" | "text"): string[] {
  return [...options, ...commands.flatMap(({ words }) => words)]
    .filter(({ value }) => value === kind)
    .map(({ word }) => word);
}

function pattern(words: readonly string[]): string {
  return words.join("|");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function fishWord({ word, description, value }: Word): string {
  const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
  const kind = value === undefined ? "" : value === "file" ? " -r -F" : " -x";
  return `${what}${kind} -d ${fishQuote(description)}`;
}
