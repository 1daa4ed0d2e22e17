import { expectTypeOf, it } from 'vitest';
import type { Remote } from './thread-messages.ts';

// `npm run check` judges these; at run time they do nothing.

interface Plain {
  ask(id: string, more: { digests: readonly string[]; at: number | null }): Promise<{ isHeld: boolean }[]>;
  send(bytes: Uint8Array): Promise<void>;
}

it('lets methods through that can be called from another thread', () => {
  expectTypeOf<Remote<Plain>>().toExtend<Plain>();
});

it('finds a synchronous method', () => {
  expectTypeOf<Remote<{ ask(): string }>>().not.toExtend<{ ask(): string }>();
});

it('finds a method that takes a function', () => {
  type Service = { ask(query: { filter: () => boolean }): Promise<void> };
  expectTypeOf<Remote<Service>>().not.toExtend<Service>();
});

it('finds a method that returns an object with methods', () => {
  type Service = { ask(): Promise<{ readers: { read(): void }[] }> };
  expectTypeOf<Remote<Service>>().not.toExtend<Service>();
});
