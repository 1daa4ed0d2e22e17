import type { SystemProxy } from './proxy-answer.ts';

/** A line of `scutil --proxy`: name, value. */
const VALUE = /^\s*(\w+) : (.*?)\s*$/gm;

/** What macOS's network settings say, from the output of `scutil --proxy`. */
export function parseMacProxy(output: string): SystemProxy {
  const [, list = ''] = /ExceptionsList : <array> \{(.*?)\}/s.exec(output) ?? [];
  const exceptions = [...list.matchAll(VALUE)].map(([, , value]) => value!);
  const values = new Map(
    [...output.replace(list, '').matchAll(VALUE)].map(([, name, value]) => [name!, value!]),
  );
  const isOn = (name: string) => values.get(name) === '1';
  const host = values.get('HTTPSProxy');
  return {
    script: isOn('ProxyAutoConfigEnable') ? (values.get('ProxyAutoConfigURLString') ?? null) : null,
    server: isOn('HTTPSEnable') && host ? `${host}:${values.get('HTTPSPort') ?? '443'}` : null,
    exceptions: isOn('ExcludeSimpleHostnames') ? [...exceptions, '<local>'] : exceptions,
  };
}
