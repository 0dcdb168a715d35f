import { didYouMean, failure, type UserError } from '../../../diagnostic.js';
import { type Outcome, printed } from '../../../outcome.js';

/** Shells whose command lines are completed: bash 4.4, zsh 5.8 or fish 3.1, or newer. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELLS)[number];

/** Each asks the program for candidates at each Tab (candidates.ts), and lists itself what every shell can. */
const SCRIPTS: Readonly<Record<ShellName, string>> = {
  bash: `# Completion of sandbox-unit(1) for bash: made by 'sandbox-unit completion bash'.

_sandbox_unit() {
    local line=\${COMP_LINE:0:COMP_POINT} words answer word value before breaks cut='' kind count one
    # Bash splits words at = and :, too.
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    mapfile -t answer < <(sandbox-unit __complete "\${words[@]:1}" 2>/dev/null)
    read -r kind count _ <<<"\${answer[0]-}"
    word=\${words[-1]} value=$word COMPREPLY=()
    [[ $word == --*=* ]] && value=\${word#*=}
    before=\${word%"$value"}
    case $kind in
        words | parts)
            for one in "\${answer[@]:1}"; do
                one=\${one%%$'\\t'*} one=\${one//\\\\/\\\\\\\\}
                [[ $one == "$word"* ]] && COMPREPLY+=("$one")
            done ;;
        policies) mapfile -t COMPREPLY < <(compgen -P "$before" -d -- "$value"
            compgen -P "$before" -f -X '!*.toml' -- "$value") ;;
        files) mapfile -t COMPREPLY < <(compgen -P "$before" -f -- "$value") ;;
        folders) mapfile -t COMPREPLY < <(compgen -P "$before" -d -- "$value") ;;
        users) mapfile -t COMPREPLY < <(compgen -P "$before" -u -- "$value") ;;
        groups) mapfile -t COMPREPLY < <(compgen -P "$before" -g -- "$value") ;;
        command)
            if declare -F _command_offset >/dev/null; then
                _command_offset "$count"
                return
            elif ((count == \${#words[@]} - 1)); then
                mapfile -t COMPREPLY < <(compgen -c -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi ;;
    esac
    [[ $kind == @(files|policies|folders|command) ]] && compopt -o filenames 2>/dev/null
    [[ $kind == parts ]] && compopt -o nospace 2>/dev/null
    # Readline puts a candidate in the place of what is behind the last = or : alone, or of the last @ and what is behind it.
    breaks=\${COMP_WORDBREAKS//[^=:]/}
    [[ $breaks ]] && cut=\${word##*[$breaks]} && cut=\${word%"$cut"}
    [[ $COMP_WORDBREAKS == *@* && \${word#"$cut"} == *@* ]] && cut=\${word%@*}
    COMPREPLY=("\${COMPREPLY[@]#"$cut"}")
}

complete -F _sandbox_unit sandbox-unit
`,
  zsh: `#compdef sandbox-unit
# Completion of sandbox-unit(1) for zsh: made by 'sandbox-unit completion zsh'.

_sandbox-unit() {
    local -a answer expl
    answer=("\${(@f)$(sandbox-unit __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
    local kind=\${answer[1]%% *} what=\${answer[1]#* }
    shift answer
    [[ $kind = (words|parts|command) ]] || compset -P '--*='
    case $kind in
        words)
            if [[ $answer = *$'\\t'* ]]; then
                answer=("\${(@)answer/$'\\t'/:}")
                _describe -t words $what answer
            else
                _wanted words expl $what compadd -a answer
            fi ;;
        parts) _wanted words expl $what compadd -S '' -a answer ;;
        policies) _files -g '*.toml' ;;
        files) _files ;;
        folders) _files -/ ;;
        users) _users ;;
        groups) _groups ;;
        command)
            shift $what words
            ((CURRENT -= what))
            _normal ;;
    esac
}

if [[ $funcstack[1] = _sandbox-unit ]]; then
    _sandbox-unit
else
    compdef _sandbox-unit sandbox-unit
fi
`,
  fish: `# Completion of sandbox-unit(1) for fish: made by 'sandbox-unit completion fish'.

function __sandbox_unit
    set -l word (commandline -ct)
    set -l value (string replace -r '^--[^=]*=' '' -- $word)
    set -l before (string match -r '^--[^=]*=' -- $word)
    set -l answer (sandbox-unit __complete (commandline -opc)[2..-1] "$word" 2>/dev/null)
    set -l kind (string split ' ' -- $answer[1])
    switch "$kind[1]"
        case words parts
            printf '%s\\n' $answer[2..-1]
        case policies
            printf "$before%s\\n" (__fish_complete_path $value | string match -r '^[^\\t]*(?:/|\\.toml)(?:\\t.*)?$')
        case files
            printf "$before%s\\n" (__fish_complete_path $value)
        case folders
            printf "$before%s\\n" (__fish_complete_directories $value)
        case users
            printf "$before%s\\n" (__fish_complete_users)
        case groups
            printf "$before%s\\n" (__fish_complete_groups)
        case command
            set -l rest (commandline -opc | string escape) $word
            set -e rest[1..$kind[2]]
            complete -C "$rest"
    end
end

complete -c sandbox-unit -k -f -a '(__sandbox_unit)'
`,
};

/**
 * Prints the completion of the command line for a shell.
 * @throws UserError `usage`
 */
export function completion([shell = '']: readonly string[]): Outcome {
  const name = SHELLS.find((one) => one === shell);
  if (!name) throw unknownShell(shell);
  const text = SCRIPTS[name];
  return printed(text, { shell: name, text });
}

function unknownShell(shell: string): UserError {
  const hint = didYouMean(shell, SHELLS) ?? `available: ${SHELLS.join(', ')}`;
  return failure('usage', `no completion for the shell '${shell}'`, { hint });
}
