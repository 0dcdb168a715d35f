const PRINTED = '--type=service --full --plain --no-legend --no-pager';

/** Words of systemctl(1) that list units in the first words of lines: those with files, and those that are loaded. */
export const UNIT_LISTS: readonly string[] = [`list-unit-files ${PRINTED}`, `list-units --all ${PRINTED}`];
