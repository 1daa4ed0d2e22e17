import { toAppError } from '@genba/shared/errors/app-error';
import type { ErrorCode } from '@genba/shared/errors/catalogue';
import type { DoctorVerdict } from '@genba/shared/local-api/doctor-sentences';
import { proxyAddress } from '../network/proxy-setting.ts';
import { failed, type Layer, passed, skipped } from './layer.ts';
import type { Way } from './way.ts';

const VERDICTS: Readonly<Partial<Record<ErrorCode, DoctorVerdict>>> = {
  'proxy/unreachable': 'proxy/unreachable',
  'proxy/no-answer': 'proxy/no-answer',
  'proxy/bad-answer': 'proxy/not-a-proxy',
  'proxy/login-needed': 'proxy/login',
  'proxy/login-refused': 'proxy/login',
  'proxy/login-unsupported': 'proxy/login',
  'proxy/forbidden': 'proxy/forbidden',
  'proxy/cannot-connect': 'proxy/cannot-connect',
  'proxy/untrusted': 'proxy/untrusted',
};

/** Whether the proxy, where there is one, opens a tunnel to the aggregator. */
export const proxyLayer: Layer<Way> = {
  layer: 'proxy',
  async examine(way) {
    const proxy = way.route?.proxy ?? null;
    if (proxy === null) return skipped({ proxy: 'none' });
    try {
      way.socket = await way.open();
      return passed({ proxy: proxyAddress(proxy) });
    } catch (thrown) {
      const { code, detail } = toAppError(thrown);
      const measured = {
        proxy: proxyAddress(proxy),
        code,
        ...(detail === undefined ? {} : { kind: detail }),
      };
      return failed(VERDICTS[code] ?? 'proxy/no-answer', { ...way.values, code }, measured);
    }
  },
};
