import { HELPS } from '../verb.js';
import type { CompletedCommand, CompletedLine, CompletedOption, Kind } from './model.js';
import { DROP_INS, UNIT_LISTS } from './units.js';

/** A completion for fish 3.1 or newer. */
export function fishCompletion({ commands, groups, names: lists }: CompletedLine): string {
  const single = commands.filter(({ words }) => words.length === 1);
  const first: (readonly [name: string, does: string])[] = [
    ...single.map(({ words, does }) => [words[0]!, does] as const),
    ...groups,
    ['help', HELPS],
  ];
  const names = first.map(([name]) => name);
  const none = `not __fish_seen_subcommand_from ${names.join(' ')}`;
  return `# Completion of sandbox-unit(1) for fish: made by 'sandbox-unit completion fish'.

function __sandbox_unit_units
    set -l manager
    contains -- --user (commandline -opc); and set manager --user
${UNIT_LISTS.map((list) => `    systemctl $manager ${list} 2>/dev/null | string match -r '^\\S+'`).join('\n')}
end

function __sandbox_unit_confined
    set -l files ${DROP_INS.system.join(' ')}
    contains -- --user (commandline -opc); and set files ${DROP_INS.user.join(' ')}
    string replace -rf '^.*/([^/]*)\\.d/[^/]*$' '$1' -- $files
end

function __sandbox_unit_confined_first
    set -l word (commandline -ct)
    set -l begun (__sandbox_unit_confined | string match -- "$word*")
    if test -n "$begun"
        printf '%s\\n' $begun
    else
        __sandbox_unit_units
    end
end

function __sandbox_unit_templates
    sandbox-unit template list --color=never 2>/dev/null | string replace -r '  +' \\t
end

# The word that is typed, or the value that it has behind =.
function __sandbox_unit_value
    commandline -ct | string replace -r '^--[^=]*=' ''
end

function __sandbox_unit_policies
    __fish_complete_path (__sandbox_unit_value) | string match -r '^[^\\t]*(?:/|\\.toml)(?:\\t.*)?$'
end

function __sandbox_unit_calls
    set -l before (__sandbox_unit_value | string replace -r '[^,]*$' '')
    printf '%s\\n' "$before"{${lists.calls.join(',')}}
end

function __sandbox_unit_refused_calls
    set -l before (__sandbox_unit_value | string match -r '^.*:(?=[^,:]*$)')
    if test -n "$before"
        printf '%s\\n' "$before"{${lists.answers.join(',')}}
    else
        __sandbox_unit_calls
    end
end

function __sandbox_unit_directives
    printf '%s=\\n' ${lists.directives.join(' ')}
end

complete -c sandbox-unit -f
complete -c sandbox-unit -n ${quoted(none)} -s h -l help -d 'print the help'
complete -c sandbox-unit -n ${quoted(none)} -l version -d 'print the version'
${first.map(([name, does]) => `complete -c sandbox-unit -n ${quoted(none)} -a ${name} -d ${quoted(does)}`).join('\n')}
complete -c sandbox-unit -n '__fish_seen_subcommand_from help' -a ${quoted([...names, ...lists.codes].join(' '))}
${commands.map((command) => commandText(command, commands)).join('\n')}
`;
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;

function commandText(command: CompletedCommand, all: readonly CompletedCommand[]): string {
  const { words, does, options, operands, passThrough } = command;
  const [first, second] = words;
  const others = all.flatMap(({ words: [group, inner] }) => (group === first && inner ? inner : []));
  const seen = `__fish_seen_subcommand_from ${first}`;
  const condition = second ? `${seen}; and __fish_seen_subcommand_from ${second}` : seen;
  const lines = [
    ...(second
      ? [
          `${begin(`${seen}; and not __fish_seen_subcommand_from ${others.join(' ')}`)} -a ${second} -d ${quoted(does)}`,
        ]
      : []),
    ...options.map((option) => `${begin(condition)}${optionText(option)}`),
    ...operandLines(condition, operands, passThrough ? options : undefined),
  ];
  return lines.join('\n');
}

const begin = (condition: string): string => `complete -c sandbox-unit -n ${quoted(condition)}`;

function optionText({ flags, does, takes, isOptional }: CompletedOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  const value = takes === undefined ? '' : `${isOptional ? '' : ' -r'}${valueText(takes)}`;
  return `${names.join('')}${value} -d ${quoted(does)}`;
}

/** @param ofOther the options of a command whose first operand is another program; undefined for any other */
function operandLines(
  condition: string,
  operands: Kind | undefined,
  ofOther: readonly CompletedOption[] | undefined,
): string[] {
  if (operands === undefined) return [];
  if (!ofOther) return [`${begin(condition)}${valueText(operands)}`];
  const taking = ofOther.flatMap(({ flags, takes }) => (takes === undefined ? [] : flags));
  const words = `(__fish_complete_subcommand --fcs-skip=2 -- ${taking.join(' ')})`;
  return [`${begin(condition)} -x -a ${quoted(words)}`];
}

const VALUES: Readonly<Record<Exclude<Kind, readonly string[]>, string>> = {
  units: " -x -a '(__sandbox_unit_units)'",
  'confined-units': " -x -a '(__sandbox_unit_confined)'",
  'confined-units-first': " -x -a '(__sandbox_unit_confined_first)'",
  files: ' -F',
  folders: " -x -a '(__fish_complete_directories)'",
  policies: " -k -x -a '(__sandbox_unit_policies)'",
  templates: " -x -a '(__sandbox_unit_templates)'",
  calls: " -x -a '(__sandbox_unit_calls)'",
  'refused-calls': " -x -a '(__sandbox_unit_refused_calls)'",
  directives: " -x -a '(__sandbox_unit_directives)'",
  users: " -x -a '(__fish_complete_users)'",
  groups: " -x -a '(__fish_complete_groups)'",
  command: " -x -a '(__fish_complete_command)'",
  other: ' -x',
};

const valueText = (kind: Kind): string =>
  typeof kind === 'string' ? VALUES[kind] : ` -x -a ${quoted(kind.join(' '))}`;
