/** Bytes per unit: powers of 1000 as disks are sold, powers of 1024 under their own names. */
const UNITS: Readonly<Record<string, number>> = {
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** A size with its unit as people type it, such as 500MB, 1.5 TB or ２００GiB, in bytes; null when it is none. */
export function parseByteSize(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([kmgt]i?b)$/i.exec(text.normalize('NFKC').trim()) ?? [];
  const bytes = Math.round(Number(number) * (UNITS[unit?.toLowerCase() ?? ''] ?? Number.NaN));
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : null;
}
