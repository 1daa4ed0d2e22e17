import { NO_PROXY, type SystemProxy } from './proxy-answer.ts';

/** A line of `reg query`: name, type, value. */
const VALUE = /^ {4}(\S+) {4}REG_\w+ {4}(.*?)\r?$/gm;

/** What Windows' Internet settings say, from the output of `reg query`. */
export function parseWindowsProxy(output: string): SystemProxy {
  const values = valuesOf(output);
  const script = values.get('AutoConfigURL')?.trim() || null;
  const isEnabled = Number(values.get('ProxyEnable') ?? 0) === 1;
  if (!isEnabled) return { ...NO_PROXY, script };
  const exceptions = (values.get('ProxyOverride') ?? '').split(';').filter((exception) => exception !== '');
  return { script, server: serverFor('https', values.get('ProxyServer') ?? ''), exceptions };
}

/** Whether a policy makes the machine's settings count instead of the account's, from the output of `reg query`. */
export function parseMachinePolicy(output: string): boolean {
  const perUser = valuesOf(output).get('ProxySettingsPerUser');
  return perUser !== undefined && Number(perUser) === 0;
}

function valuesOf(output: string): Map<string, string> {
  return new Map([...output.matchAll(VALUE)].map(([, name, value]) => [name!, value!]));
}

/** One proxy for everything, or a list by protocol: `http=a:80;https=b:8080`. */
function serverFor(protocol: string, value: string): string | null {
  const entries = value.split(/[; ]/).filter((entry) => entry !== '');
  const listed = entries.find((entry) => entry.toLowerCase().startsWith(`${protocol}=`));
  if (listed !== undefined) return listed.slice(protocol.length + 1) || null;
  return entries.find((entry) => !entry.includes('=')) ?? null;
}
