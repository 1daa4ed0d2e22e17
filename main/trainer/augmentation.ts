import { inputShape } from '@genba/shared/model/layers';
import type { Augmentation, Task } from '@genba/shared/model/task-fields';

/** Changes the pictures of a batch in place: values 0 to 1, one picture after the other. */
export type Augment = (values: Float32Array) => void;

/**
 * How a task's pictures are changed at random each time they are trained on; null where they are not.
 *
 * Equation: a new pixel is the old one at R(−angle) (p − centre − shift) + centre, mirrored where drawn, the nearest
 * pixel and at the border the outermost; its value v becomes v (1 + b), cut to 0..1.
 * Units: angle, shift and b uniform within ± of what the task says; `random` gives uniform numbers in [0, 1).
 */
export function augmentationOf(task: Task, random: () => number): Augment | null {
  const { augmentation } = task.training;
  if (augmentation === undefined || task.input.kind !== 'image') return null;
  const [height, width, channels] = inputShape(task.input) as [number, number, number];
  const size = height * width * channels;
  return (values) => {
    for (let start = 0; start < values.length; start += size) {
      changePicture(values.subarray(start, start + size), { height, width, channels, augmentation, random });
    }
  };
}

interface Change {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly augmentation: Augmentation;
  readonly random: () => number;
}

function changePicture(picture: Float32Array, change: Change): void {
  const { height, width, channels, augmentation, random } = change;
  const { flip, shift, rotation, brightness } = augmentation;
  const spread = (limit: number) => (2 * random() - 1) * limit;
  // All are drawn whether wanted or not, so that one setting does not change what another draws.
  const isMirrored = random() < 0.5 && (flip === 'horizontal' || flip === 'both');
  const isUpsideDown = random() < 0.5 && (flip === 'vertical' || flip === 'both');
  const shiftX = spread(shift * width);
  const shiftY = spread(shift * height);
  const angle = (spread(rotation) * Math.PI) / 180;
  const gain = 1 + spread(brightness);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const old = picture.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - centreX - shiftX, y - centreY - shiftY];
      const column = nearest(cosine * dx + sine * dy + centreX, width);
      const row = nearest(cosine * dy - sine * dx + centreY, height);
      const sourceX = isMirrored ? width - 1 - column : column;
      const sourceY = isUpsideDown ? height - 1 - row : row;
      for (let channel = 0; channel < channels; channel++) {
        const value = old[(sourceY * width + sourceX) * channels + channel]! * gain;
        picture[(y * width + x) * channels + channel] = Math.min(1, value);
      }
    }
  }
}

function nearest(place: number, length: number): number {
  return Math.min(length - 1, Math.max(0, Math.round(place)));
}
