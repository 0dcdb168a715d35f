import type { CompletedCommand, CompletedLine, Kind } from './model.js';
import { DROP_INS, UNIT_LISTS } from './units.js';

/** A completion for bash 4.4 or newer; it needs no package of completions. */
export function bashCompletion({ commands, groups, names: lists }: CompletedLine): string {
  const single = commands.filter(({ words }) => words.length === 1);
  const names = [...single.map(({ words }) => words[0]!), ...groups.keys(), 'help'];
  const inner = [...groups.keys()].map((group) => {
    const words = commands.flatMap(({ words: [first, second] }) => (first === group ? second! : []));
    return `        ${group}) inner='${words.join(' ')}' ;;`;
  });
  return FRAME.replace(/@(\w+)@\n?/g, (_, name) => {
    switch (name) {
      case 'LISTS':
        return UNIT_LISTS.map((list) => `    systemctl "$@" ${list} 2>/dev/null\n`).join('');
      case 'DROP_INS':
        return foundText(DROP_INS.system);
      case 'USER_DROP_INS':
        return foundText(DROP_INS.user);
      case 'COMMANDS':
        return names.join(' ');
      case 'CODES':
        return lists.codes.join(' ');
      case 'INNER':
        return `${inner.join('\n')}\n`;
      case 'CASES':
        return `${commands.map(caseOf).join('\n')}\n`;
      case 'CALLS':
        return lists.calls.join(' ');
      case 'ANSWERS':
        return lists.answers.join(' ');
      default:
        return lists.directives.join(' ');
    }
  });
}

/** Commands that list the files of patterns, whatever options the shell has for those without any. */
const foundText = (patterns: readonly string[]): string =>
  patterns.map((pattern) => `            compgen -G ${inOneWord(pattern)}\n`).join('');

/** A pattern with all of it quoted, as compgen takes it. */
const inOneWord = (pattern: string): string => `"${pattern.replaceAll('"', '')}"`;

/** The options of a command, those that take something with what it is, and its operands. */
function caseOf({ words, options, operands, passThrough }: CompletedCommand): string {
  const flags = options.flatMap((option) => option.flags);
  const takes = options.flatMap(({ flags: all, takes: kind }) =>
    kind === undefined ? [] : all.map((flag) => `${flag}:${kindText(kind)}`),
  );
  return [
    `        '${words.join(' ')}')`,
    `            options='${flags.join(' ')}'`,
    `            takes=' ${takes.join(' ')} '`,
    `            kind='${operands === undefined ? '' : kindText(operands)}' ends='${passThrough ? 'yes' : ''}' ;;`,
  ].join('\n');
}

/** A kind by its name; a list of words with a comma between them, behind `=`. */
const kindText = (kind: Kind): string => (typeof kind === 'string' ? kind : `=${kind.join(',')}`);

const FRAME = `# Completion of sandbox-unit(1) for bash: made by 'sandbox-unit completion bash'.

_sandbox_unit_units() {
@LISTS@
}

_sandbox_unit_confined() {
    local path
    {
        if [[ \${1-} ]]; then
@USER_DROP_INS@
        else
@DROP_INS@
        fi
    } | while read -r path; do
        path=\${path%.d/*}
        printf '%s\\n' "\${path##*/}"
    done
}

# Of units in lines those that begin with a word.
_sandbox_unit_begun() {
    local name _
    while read -r name _; do
        printf -v name '%q' "$name"
        [[ $name == "$1"* ]] && printf '%s\\n' "$name"
    done | sort -u
}

# The kind of what an option takes: NAME TAKES.
_sandbox_unit_taken() {
    [[ $2 == *" $1:"* ]] || return
    local rest=\${2#*" $1:"}
    printf '%s' "\${rest%% *}"
}

# Candidates of a kind for a word, a line each: KIND WORD [--user].
_sandbox_unit_candidates() {
    local kind=$1 word=$2 before='' name _
    shift 2
    case $kind in
        =*) compgen -W "\${kind:1}" -- "$word" ;;
        units) _sandbox_unit_units "$@" | _sandbox_unit_begun "$word" ;;
        confined-units) _sandbox_unit_confined "$@" | _sandbox_unit_begun "$word" ;;
        confined-units-first)
            _sandbox_unit_candidates confined-units "$word" "$@" | grep . ||
                _sandbox_unit_candidates units "$word" "$@" ;;
        files) compgen -f -- "$word" ;;
        policies)
            compgen -d -- "$word"
            compgen -f -X '!*.toml' -- "$word" ;;
        folders) compgen -d -- "$word" ;;
        templates)
            sandbox-unit template list --color=never 2>/dev/null | while read -r name _; do
                [[ $name == "$word"* ]] && printf '%s\\n' "$name"
            done ;;
        calls | refused-calls)
            [[ $word == *,* ]] && before=\${word%,*},
            word=\${word##*,}
            if [[ $kind == refused-calls && $word == *:* ]]; then
                compgen -P "$before\${word%%:*}:" -W '@ANSWERS@' -- "\${word#*:}"
            else
                compgen -P "$before" -W '@CALLS@' -- "$word"
            fi ;;
        directives) compgen -S = -W '@DIRECTIVES@' -- "$word" ;;
        users) compgen -u -- "$word" ;;
        groups) compgen -g -- "$word" ;;
        command) compgen -c -- "$word" ;;
    esac
}

_sandbox_unit() {
    local line=\${COMP_LINE:0:COMP_POINT} words=() inner options takes kind ends verb first=2 i
    COMPREPLY=()
    # Bash splits words at = and :, too.
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    local last=$((\${#words[@]} - 1))
    ((last >= 1)) || return
    local word=\${words[last]}
    if ((last == 1)); then
        mapfile -t COMPREPLY < <(compgen -W '@COMMANDS@ --help --version' -- "$word")
        return
    fi
    verb=\${words[1]}
    case $verb in
@INNER@
        help) inner='@COMMANDS@ @CODES@' ;;
    esac
    if [[ $inner ]]; then
        if ((last == 2)); then
            mapfile -t COMPREPLY < <(compgen -W "$inner" -- "$word")
            return
        fi
        verb+=" \${words[2]}" first=3
    fi
    case $verb in
@CASES@
        *) return ;;
    esac

    local user=() command=0
    for ((i = first; i < last; i++)); do
        case \${words[i]} in
            --) command=$((i + 1)) && break ;;
            --user) user=(--user) ;;
            -*) [[ $(_sandbox_unit_taken "\${words[i]}" "$takes") ]] && ((i++)) ;;
            *) [[ $ends ]] && command=$i && break ;;
        esac
    done
    if [[ $ends ]] && ((command > 0 && command < last)); then
        # Words of another program.
        if declare -F _command_offset >/dev/null; then
            _command_offset "$command"
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$word") && compopt -o filenames 2>/dev/null
        fi
        return
    fi

    local own='' before=''
    if ((command == 0)); then
        if [[ $word == --*=* ]]; then
            own=$(_sandbox_unit_taken "\${word%%=*}" "$takes")
            [[ $own ]] || return
            [[ $COMP_WORDBREAKS == *=* ]] || before=\${word%%=*}=
            word=\${word#*=}
        elif [[ $word == -* ]]; then
            mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
            return
        else
            own=$(_sandbox_unit_taken "\${words[last - 1]}" "$takes")
        fi
    fi
    # Recordings are files.
    [[ $verb == learn && " \${words[*]} " == *' --merge '* ]] && kind=files
    kind=\${own:-$kind}
    [[ $kind ]] || return
    [[ $kind == =* ]] && kind=\${kind//,/ }
    mapfile -t COMPREPLY < <(_sandbox_unit_candidates "$kind" "$word" "\${user[@]}")
    case $kind in
        files | policies | folders) compopt -o filenames 2>/dev/null ;;
        calls | refused-calls | directives) compopt -o nospace 2>/dev/null ;;
    esac
    # Readline puts a candidate in the place of what is behind the last = or : alone.
    local cut=\${word##*[:=]}
    cut=\${word%"$cut"}
    [[ $COMP_WORDBREAKS == *:* ]] || cut=''
    COMPREPLY=("\${COMPREPLY[@]/#"$cut"/}")
    COMPREPLY=("\${COMPREPLY[@]/#/"$before"}")
}

complete -F _sandbox_unit sandbox-unit
`;
