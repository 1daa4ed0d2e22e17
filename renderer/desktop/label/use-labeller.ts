import { useCallback, useState } from 'react';

const STORAGE_KEY = 'genba.labeller';

/** Who labels at this PC: asked once, remembered until somebody else sits down. Null before anybody has said so. */
export function useLabeller(): readonly [string | null, (name: string | null) => void] {
  const [name, setName] = useState(() => localStorage.getItem(STORAGE_KEY));
  const remember = useCallback((next: string | null) => {
    if (next === null) localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, next);
    setName(next);
  }, []);
  return [name, remember];
}
