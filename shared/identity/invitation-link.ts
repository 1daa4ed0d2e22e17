/** Quotation marks that people, terminals and mail programs put around a path or a link. */
const QUOTED = /^(["'`“”„‘’＂＇「『<＜])(.*)["'`“”‘’＂＇」』>＞]$/su;

/** What somebody typed or pasted, without the spaces and quotation marks around it. */
export function unquoted(typed: string): string {
  const trimmed = typed.trim();
  const [, , inner] = QUOTED.exec(trimmed) ?? [];
  return inner?.trim() ?? trimmed;
}

/**
 * The link of an invitation as it was given out, from what somebody typed or pasted: in full-width characters, in
 * quotation marks, broken into lines by a mail program. null for anything that is no such link.
 */
export function invitationLinkIn(typed: string): string | null {
  const plain = unquoted(typed).normalize('NFKC');
  if (!/^genba:/i.test(plain)) return null;
  // Nothing in a link is a space.
  return plain.replace(/\s/g, '').replace(/^genba:/i, 'genba:');
}
