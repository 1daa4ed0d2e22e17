import { seededRandom } from '@genba/shared/model/random';
import { describe, expect, it } from 'vitest';
import { augmentationOf } from './augmentation.ts';
import { sampleTask } from './fixtures.ts';

const PICTURE = Float32Array.from({ length: 64 }, (_, pixel) => pixel / 64);

/** One picture changed by the task's augmentation, all draws being `draw`. */
function changed(augmentation: object, draw: number): number[] {
  const values = PICTURE.slice();
  augmentationOf(sampleTask({ training: { augmentation } }), () => draw)!(values);
  return [...values];
}
const moved = (from: (x: number, y: number) => number) =>
  Array.from(PICTURE, (_, pixel) => PICTURE[from(pixel % 8, Math.floor(pixel / 8))]!);

describe('augmentation', () => {
  it('mirrors, moves, turns and brightens as drawn', () => {
    expect(changed({ flip: 'horizontal' }, 0.25)).toEqual(moved((x, y) => y * 8 + 7 - x));
    expect(changed({ flip: 'vertical' }, 0.25)).toEqual(moved((x, y) => (7 - y) * 8 + x));
    expect(changed({ flip: 'both' }, 0.75)).toEqual([...PICTURE]);
    // A draw of 0.75 is half of the limit: half of 0.5 × 8 pixels to the right and down.
    expect(changed({ shift: 0.5 }, 0.75)).toEqual(
      moved((x, y) => Math.max(0, y - 2) * 8 + Math.max(0, x - 2)),
    );
    // Half of 180 degrees, clockwise on the screen: the left edge comes to the top.
    expect(changed({ rotation: 180 }, 0.75)).toEqual(moved((x, y) => (7 - x) * 8 + y));
    expect(changed({ brightness: 0.5 }, 0.75)).toEqual(
      Array.from(PICTURE, (value) => Math.min(1, Math.fround(value * 1.25))),
    );
  });

  it('is the same for one seed, differs from picture to picture, and is left out where not asked for', () => {
    const task = sampleTask({ training: { augmentation: { rotation: 40, shift: 0.3 } } });
    const pair = () => Float32Array.from([...PICTURE, ...PICTURE]);
    const [first, second] = [pair(), pair()];
    augmentationOf(task, seededRandom(3))!(first);
    augmentationOf(task, seededRandom(3))!(second);
    expect(first).toEqual(second);
    expect(first.subarray(0, 64)).not.toEqual(first.subarray(64));
    expect(augmentationOf(sampleTask(), seededRandom(3))).toBeNull();
  });
});
