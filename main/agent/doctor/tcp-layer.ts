import type { DoctorVerdict } from '@genba/shared/local-api/doctor-sentences';
import { codeOf } from './in-time.ts';
import { failed, type Layer, passed } from './layer.ts';
import type { Way } from './way.ts';

/** Most addresses of one name that are tried. */
const MAX_ADDRESSES = 4;

const VERDICTS: Readonly<Record<string, DoctorVerdict>> = {
  ECONNREFUSED: 'tcp/refused',
  ECONNRESET: 'tcp/refused',
  ENETUNREACH: 'tcp/no-route',
  EHOSTUNREACH: 'tcp/no-route',
  ENETDOWN: 'tcp/no-route',
  EADDRNOTAVAIL: 'tcp/no-route',
};

/** What a failed attempt to connect means. */
export function tcpVerdict(code: string): DoctorVerdict {
  return VERDICTS[code] ?? 'tcp/no-answer';
}

/** Whether a connection to the first hop comes about. */
export const tcpLayer: Layer<Way> = {
  layer: 'tcp',
  async examine(way) {
    let code = '';
    for (const address of way.addresses.slice(0, MAX_ADDRESSES)) {
      const startedAt = performance.now();
      try {
        const socket = await way.connect(address);
        const milliseconds = Math.round(performance.now() - startedAt);
        // Of a proxy a tunnel is asked for on a connection of its own.
        if (way.route?.proxy) socket.destroy();
        else way.socket = socket;
        way.addresses = [address];
        return passed({ address: `${address}:${way.hop.port}`, milliseconds });
      } catch (thrown) {
        code = codeOf(thrown);
      }
    }
    const measured = { address: way.addresses.join(', '), code };
    if (way.route?.proxy) return failed('proxy/unreachable', way.values, measured);
    return failed(tcpVerdict(code), way.values, measured);
  },
};
