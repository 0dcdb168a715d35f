import { type Diagnostic, error, printable } from '../../diagnostic.js';

/** A valid unit name in its parts (systemd.unit(5), section "Description"). */
export interface UnitName {
  /** The whole name: `foo@bar.service`. */
  readonly full: string;
  /** The part before the `@`, or before the type: `foo`. */
  readonly prefix: string;
  /** The part between the `@` and the type, with escapes as written; absent for plain units and templates. */
  readonly instance?: string;
  /** The type without its dot: `service`. */
  readonly type: string;
  /** The template of an instance, and a template's own name: `foo@.service`. */
  readonly template?: string;
}

const TYPES: ReadonlySet<string> = new Set([
  'service',
  'socket',
  'target',
  'device',
  'mount',
  'automount',
  'swap',
  'timer',
  'path',
  'slice',
  'scope',
]);

/** UNIT_NAME_MAX without the NUL. */
const MAX_LENGTH = 255;
/** A file name has at most 255 bytes, and the drop-in directory is called `NAME.d`. */
const MAX_LENGTH_WITH_DROP_INS = 253;
const CHARACTERS = /^[0-9A-Za-z:_.\\@-]*$/;

/**
 * Reads a unit name as systemctl(1) does: a name without a type is a service's (`nginx`, `foo.bar`).
 * @returns an error for paths, patterns, characters that need escaping, and names that are too long to have drop-ins
 */
export function parseUnitName(text: string): UnitName | Diagnostic {
  const shown = printable(text, 80);
  if (!CHARACTERS.test(text)) {
    const hint = text.includes('/')
      ? 'name the unit, not its file; systemd-escape(1) turns a path into a unit name'
      : 'systemd-escape(1) turns any text into a unit name';
    return error('invalid-unit-name', `'${shown}' is not a valid unit name`, { hint });
  }
  const full = typeOf(text) === undefined ? `${text}.service` : text;
  if (full.length > MAX_LENGTH) {
    return error('invalid-unit-name', `unit name '${shown}' is longer than ${MAX_LENGTH} bytes`);
  }
  const type = typeOf(full);
  if (text === '' || type === undefined) {
    const hint = 'a unit name has a prefix before its @ and its type: foo.service, foo@bar.service';
    return error('invalid-unit-name', `'${shown}' is not a valid unit name`, { hint });
  }
  if (full.length > MAX_LENGTH_WITH_DROP_INS) {
    return error(
      'invalid-unit-name',
      `unit name '${shown}' has more than ${MAX_LENGTH_WITH_DROP_INS} bytes: it can't have a drop-in`,
      { hint: 'a file name is at most 255 bytes long, and the folder of drop-ins is called NAME.d' },
    );
  }
  return takeApart(full, type);
}

/** Whether a text is a service's full name. */
export function isServiceName(text: string): boolean {
  const name = parseUnitName(text);
  return 'full' in name && name.full === text && name.type === 'service';
}

/** Whether the name is a template (`foo@.service`), which can't be started itself. */
export const isTemplate = (name: UnitName): boolean => name.template === name.full;

/**
 * The name of a template's instance; undefined where that isn't a valid name.
 * @param instance escaped
 */
export function instanceOf({ prefix, type }: UnitName, instance: string): UnitName | undefined {
  const name = parseUnitName(`${prefix}@${instance}.${type}`);
  return 'severity' in name || isTemplate(name) ? undefined : name;
}

/** The type of a valid name of any length; undefined for other names. */
function typeOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  const type = name.slice(dot + 1);
  return dot > 0 && name[0] !== '@' && TYPES.has(type) ? type : undefined;
}

function takeApart(full: string, type: string): UnitName {
  const stem = full.slice(0, -type.length - 1);
  const at = stem.indexOf('@');
  if (at < 0) return { full, prefix: stem, type };
  const prefix = stem.slice(0, at);
  const instance = stem.slice(at + 1);
  const template = `${prefix}@.${type}`;
  return instance === '' ? { full, prefix, type, template } : { full, prefix, instance, type, template };
}

/** The D-Bus path of a unit: bytes outside [A-Za-z0-9], and a leading digit, become `_xx`. */
export function unitObjectPath(name: string): string {
  const label = name.replace(
    /^[0-9]|[^0-9A-Za-z]/g,
    (c) => `_${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `/org/freedesktop/systemd1/unit/${label === '' ? '_' : label}`;
}

/** A pattern for the instances of a template, in which systemd takes a backslash as it is (FNM_NOESCAPE). */
export const instancesOf = ({ prefix, type }: UnitName): string => `${prefix}@*.${type}`;
