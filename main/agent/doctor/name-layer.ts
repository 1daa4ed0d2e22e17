import { isIP } from 'node:net';
import { codeOf, inTime } from './in-time.ts';
import { failed, type Layer, passed } from './layer.ts';
import type { Way } from './way.ts';

/** Resolver's word for a name that does not exist, as opposed to no word at all. */
const UNKNOWN_NAME = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);

/** Whether this PC finds the address behind the name of the first hop. */
export const nameLayer: Layer<Way> = {
  layer: 'name',
  async examine(way) {
    const { host } = way.hop;
    if (isIP(host) !== 0) {
      way.addresses = [host];
      return passed({ address: host });
    }
    const { lookup, deadlineMs } = way.network;
    try {
      const found = await inTime<Awaited<ReturnType<typeof lookup>>>(deadlineMs, (resolve, reject) => {
        lookup(host).then(resolve, reject);
      });
      way.addresses = [...new Set(found.map(({ address }) => address))];
      return passed({ address: way.addresses.join(', ') });
    } catch (thrown) {
      const code = codeOf(thrown);
      if (way.route?.proxy) return failed('proxy/unreachable', way.values, { code });
      return failed(UNKNOWN_NAME.has(code) ? 'name/unknown' : 'name/no-answer', way.values, { code });
    }
  },
};
