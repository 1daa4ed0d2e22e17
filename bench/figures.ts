import { availableParallelism, cpus, loadavg } from 'node:os';

/** The middle value; of an even number of them the upper one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that a share of the others (0 to 1) lies below. @throws RangeError without values */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** Rounded for a table. */
export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Slope of the line of least squares through points; its unit is that of y per that of x. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (pick: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const meanX = mean(({ x }) => x);
  const meanY = mean(({ y }) => y);
  const covariance = mean(({ x, y }) => (x - meanX) * (y - meanY));
  return covariance / mean(({ x }) => (x - meanX) ** 2);
}

/** What the figures depend on, and how busy it was: the load is that of the last minute. */
export function machine() {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return { model, cores: availableParallelism(), node: process.versions.node, load: loadavg()[0]! };
}

/** One line about {@link machine}, for people. */
export function machineLine(): string {
  const { model, cores, node, load } = machine();
  return `${model}, ${cores} cores, Node ${node}, load ${load.toFixed(1)}`;
}

/** Processor time of this process since its start, milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
