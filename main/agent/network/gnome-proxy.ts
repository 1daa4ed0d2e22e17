import { NO_PROXY, type SystemProxy } from './proxy-answer.ts';

/** A line of `gsettings list-recursively`: schema, key, value as GVariant text. */
const VALUE = /^org\.gnome\.system\.proxy(\S*) (\S+) (.*)$/gm;
const QUOTED = /'((?:[^'\\]|\\.)*)'/g;

/** What GNOME's network settings say, from the output of `gsettings list-recursively org.gnome.system.proxy`. */
export function parseGnomeProxy(output: string): SystemProxy {
  const values = new Map(
    [...output.matchAll(VALUE)].map(([, schema, key, value]) => [`${schema}/${key}`, value!]),
  );
  const listOf = (key: string) => [...(values.get(key) ?? '').matchAll(QUOTED)].map(([, text]) => text!);
  const textOf = (key: string) => listOf(key)[0] || null;
  const exceptions = listOf('/ignore-hosts');
  switch (textOf('/mode')) {
    case 'auto':
      return { ...NO_PROXY, script: textOf('/autoconfig-url') };
    case 'manual': {
      const host = textOf('.https/host');
      const port = Number(values.get('.https/port') ?? 0);
      return { script: null, server: host === null || port === 0 ? null : `${host}:${port}`, exceptions };
    }
    default:
      return NO_PROXY;
  }
}
