import { HELPS } from '../verb.js';
import type { CompletedCommand, CompletedLine, CompletedOption, Kind } from './model.js';
import { DROP_INS, UNIT_LISTS } from './units.js';

/** A completion for zsh 5.8 or newer, as a file of its `fpath`. */
export function zshCompletion({ commands, groups, names: lists }: CompletedLine): string {
  const single = commands.filter(({ words }) => words.length === 1);
  const names = [
    ...single.map(({ words, does }) => described(words[0]!, does)),
    ...[...groups].map(([name, does]) => described(name, does)),
    described('help', HELPS),
  ];
  const inner = [...groups.keys()].map((group) =>
    groupCase(
      group,
      commands.filter(({ words }) => words.length === 2 && words[0] === group),
    ),
  );
  return `#compdef sandbox-unit
# Completion of sandbox-unit(1) for zsh: made by 'sandbox-unit completion zsh'.

_sandbox-unit_units() {
    local -a units
    units=(\${(f)"$(
${UNIT_LISTS.map((list) => `        systemctl \${(M)words:#--user} ${list} 2>/dev/null`).join('\n')}
    )"})
    units=(\${(u)units%% *})
    compadd "$@" -a units
}

_sandbox-unit_confined_units() {
    local -a units
    if (($words[(I)--user])); then
        units=(${DROP_INS.user.map(orNone).join(' ')})
    else
        units=(${DROP_INS.system.map(orNone).join(' ')})
    fi
    units=(\${\${units%.d/*}:t})
    units=(\${(u)units})
    compadd "$@" -a units
}

_sandbox-unit_confined_units_first() {
    _sandbox-unit_confined_units "$@" || _sandbox-unit_units "$@"
}

_sandbox-unit_templates() {
    local -a templates
    templates=(\${(f)"$(sandbox-unit template list --color=never 2>/dev/null)"})
    templates=(\${templates%% *})
    compadd "$@" -a templates
}

_sandbox-unit_calls() {
    local -a calls
    calls=(${lists.calls.join(' ')})
    compset -P '*,'
    compadd "$@" -q -S , -a calls
}

_sandbox-unit_refused_calls() {
    local -a answers
    answers=(${lists.answers.join(' ')})
    if compset -P '*[^,]:'; then
        compadd "$@" -q -S , -a answers
    else
        _sandbox-unit_calls "$@"
    fi
}

_sandbox-unit_directives() {
    local -a directives
    directives=(${lists.directives.join(' ')})
    compadd "$@" -S = -a directives
}

_sandbox-unit() {
    local curcontext=$curcontext context state state_descr line ret=1
    typeset -A opt_args
    local -a verbs codes expl
    verbs=(
${names.map((name) => `        ${name}`).join('\n')}
    )
    _arguments -C '(- *)'{-h,--help}'[print the help]' '(- *)--version[print the version]' \\
        '1: :->command' '*:: :->rest' && return
    case $state in
        command) _describe -t commands command verbs && ret=0 ;;
        rest)
            case $words[1] in
                help)
                    _describe -t commands command verbs && ret=0
                    codes=(${lists.codes.join(' ')})
                    _wanted codes expl code compadd -a codes && ret=0 ;;
${single.map((command) => caseOf(command, 16)).join('\n')}
${inner.join('\n')}
            esac ;;
    esac
    return ret
}

if [ "$funcstack[1]" = _sandbox-unit ]; then
    _sandbox-unit "$@"
else
    compdef _sandbox-unit sandbox-unit
fi
`;
}

/** A pattern that may find nothing. */
const orNone = (pattern: string): string => `${pattern}(N)`;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const described = (name: string, does: string): string => quoted(`${name}:${does.replaceAll(':', '\\:')}`);

function groupCase(group: string, commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ words, does }) => described(words[1]!, does));
  return `                ${group})
                    if ((CURRENT == 2)); then
                        verbs=(${names.join(' ')})
                        _describe -t commands command verbs && ret=0
                    else
                        shift words
                        ((CURRENT--))
                        case $words[1] in
${commands.map((command) => caseOf(command, 28)).join('\n')}
                        esac
                    fi ;;`;
}

function caseOf({ words, options, operands, passThrough }: CompletedCommand, indent: number): string {
  const specs = [...options.flatMap(optionSpecs), ...operandSpecs(operands, passThrough)];
  const space = ' '.repeat(indent);
  return [
    `${space}${words.at(-1)})`,
    `${space}    _arguments -s -S ${specs.join(` \\\n${space}        `)} && ret=0 ;;`,
  ].join('\n');
}

/** A specification of _arguments for each flag: an option may be there once more, since some may be repeated. */
function optionSpecs({ flags, does, takes, isOptional }: CompletedOption): string[] {
  const text = does.replace(/[[\]\\:]/g, '\\$&');
  const value = takes === undefined ? '' : `:${isOptional ? ':' : ''}${valuesOf(takes)}`;
  return flags.map((flag) => {
    const joint = takes === undefined ? '' : flag.startsWith('--') ? '=' : '+';
    return quoted(`*${flag}${joint}[${text}]${value}`);
  });
}

function operandSpecs(operands: Kind | undefined, passThrough: boolean): string[] {
  if (operands === undefined) return [];
  return passThrough
    ? [quoted('(-)1:command: _command_names -e'), quoted('*::arguments: _normal')]
    : [quoted(`*:${valuesOf(operands)}`)];
}

/** Specifications of values for _arguments: the heading, and the action that completes them. */
const VALUES: Readonly<Record<Exclude<Kind, readonly string[]>, string>> = {
  units: 'unit:_sandbox-unit_units',
  'confined-units': 'unit:_sandbox-unit_confined_units',
  'confined-units-first': 'unit:_sandbox-unit_confined_units_first',
  files: 'file:_files',
  folders: 'folder:_files -/',
  policies: 'policy:_files -g "*.toml"',
  templates: 'template:_sandbox-unit_templates',
  calls: 'system calls:_sandbox-unit_calls',
  'refused-calls': 'system calls:_sandbox-unit_refused_calls',
  directives: 'directive:_sandbox-unit_directives',
  users: 'user:_users',
  groups: 'group:_groups',
  command: 'command:_command_names -e',
  other: 'value:',
};

const valuesOf = (kind: Kind): string =>
  typeof kind === 'string' ? VALUES[kind] : `value:(${kind.join(' ')})`;
