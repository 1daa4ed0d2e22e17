import type { UpdateReport } from '@genba/shared/local-api/app-update';
import { useEffect, useState } from 'react';

/** What the shell says of newer versions of the program; null before its first word, and in a browser. */
export function useUpdate(): UpdateReport | null {
  const [report, setReport] = useState<UpdateReport | null>(null);
  useEffect(() => {
    const bridge = window.genba;
    if (bridge === undefined) return;
    const read = async () => setReport(await bridge.update());
    void read();
    return bridge.onUpdate(() => void read());
  }, []);
  return report;
}
