import { AppError } from '@genba/shared/errors/app-error';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { withDiskTrouble } from './disk-trouble.ts';

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (thrown) {
    return thrown;
  }
  throw new Error('it should have failed');
}

describe('withDiskTrouble', () => {
  it('knows a database that may not grow and a file that may not either', () => {
    const database = new Database(':memory:');
    database.exec('CREATE TABLE t (bytes BLOB) STRICT');
    database.pragma('max_page_count = 2');
    const full = thrownBy(() => database.prepare('INSERT INTO t VALUES (zeroblob(100000))').run());
    database.close();
    expect(withDiskTrouble(full)).toMatchObject({ code: 'store/disk-full', detail: 'SQLITE_FULL' });
    expect(withDiskTrouble(full).isRetryable).toBe(true);
    const noSpace = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    expect(withDiskTrouble(noSpace)).toMatchObject({ code: 'store/disk-full', detail: 'ENOSPC' });
  });

  it('leaves everything else as it is', () => {
    const known = new AppError('trainer/diverged');
    expect(withDiskTrouble(known)).toBe(known);
    const database = new Database(':memory:');
    const wrong = thrownBy(() => database.exec('SELECT nonsense'));
    database.close();
    expect(withDiskTrouble(wrong).code).toBe('internal/bug');
    expect(withDiskTrouble('words').code).toBe('internal/bug');
  });
});
