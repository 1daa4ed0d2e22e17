import { toAppError } from '@genba/shared/errors/app-error';
import { proxyAddress } from '../network/proxy-setting.ts';
import { failed, type Layer, passed } from './layer.ts';
import type { Way } from './way.ts';

/** Which way out this PC is to take: directly, or through which proxy, and who said so. */
export const routeLayer: Layer<Way> = {
  layer: 'route',
  async examine(way) {
    try {
      const [route] = await way.network.routesTo(way.endpoint);
      way.route = route;
      const proxy = route.proxy === null ? 'none' : proxyAddress(route.proxy);
      return passed({ proxy, source: route.source });
    } catch (thrown) {
      const { code, detail = '' } = toAppError(thrown);
      return failed('route/failed', { ...way.values, code, detail }, { code });
    }
  },
};
