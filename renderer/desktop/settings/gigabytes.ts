/** Bytes of a number of gigabytes as somebody typed it, also in full-width digits; null where it is no number. */
export function gigabytesIn(typed: string): number | null {
  const plain = typed.normalize('NFKC').replace(/[,\s]/g, '').replace(/GB$/i, '');
  return /^\d+(\.\d+)?$/.test(plain) ? Math.round(Number(plain) * 1e9) : null;
}
