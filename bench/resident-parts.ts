import { readFile } from 'node:fs/promises';
import type { ResidentParts } from './server-process.ts';

/** glibc gives each further arena room of this size at such an address; see `HEAP_MAX_SIZE` in its malloc. */
const ARENA_BYTES = 64 * 1024 * 1024;

interface Mapping {
  readonly start: number;
  readonly end: number;
  /** Such as `rw-p`. */
  readonly rights: string;
  /** Empty for memory that is no file. */
  readonly name: string;
  readonly residentBytes: number;
}

/** Where this process's resident memory lies; null where the system does not say. */
export async function residentParts(): Promise<ResidentParts | null> {
  const text = await readFile('/proc/self/smaps', 'utf8').catch(() => null);
  if (text === null) return null;
  const mappings = parse(text);
  const parts = { files: 0, arenas: 0, mapped: 0 };
  for (const [index, mapping] of mappings.entries()) {
    if (mapping.name.startsWith('/')) parts.files += mapping.residentBytes;
    else if (mapping.name === '[heap]' || isArena(mapping, mappings[index + 1]))
      parts.arenas += mapping.residentBytes;
    else parts.mapped += mapping.residentBytes;
  }
  return parts;
}

/** Its used part begins at a multiple of its size, and the rest of the room follows, without rights. */
function isArena({ start, end, rights, name }: Mapping, next: Mapping | undefined): boolean {
  if (name !== '' || rights !== 'rw-p' || start % ARENA_BYTES !== 0) return false;
  if (end - start === ARENA_BYTES) return true;
  return next?.start === end && next.rights === '---p' && next.end - start === ARENA_BYTES;
}

function parse(smaps: string): Mapping[] {
  const header = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)$/;
  const mappings: Mapping[] = [];
  for (const line of smaps.split('\n')) {
    const [, start, end, rights, name = ''] = header.exec(line) ?? [];
    if (start !== undefined && end !== undefined && rights !== undefined) {
      const range = { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
      mappings.push({ ...range, rights, name, residentBytes: 0 });
      continue;
    }
    const resident = /^Rss: +(\d+) kB$/.exec(line)?.[1];
    const last = mappings.at(-1);
    if (resident !== undefined && last !== undefined)
      mappings[mappings.length - 1] = { ...last, residentBytes: 1024 * Number(resident) };
  }
  return mappings;
}
