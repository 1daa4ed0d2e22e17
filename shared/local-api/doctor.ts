import { z } from 'zod';
import { MAX_INVITATION_LENGTH } from '../identity/invitation.ts';
import { DOCTOR_VERDICTS } from './doctor-sentences.ts';

/** What is looked at on the way to an aggregator, in this order. */
export const WAY_LAYERS = [
  'route',
  'name',
  'tcp',
  'proxy',
  'tls',
  'websocket',
  'protocol',
  'clock',
  'identity',
] as const;

/** What is looked at on this PC. */
export const PC_LAYERS = ['data-folder', 'disk-space', 'dataset'] as const;

export type DoctorLayer = (typeof WAY_LAYERS)[number] | (typeof PC_LAYERS)[number];

/** What may be measured at a layer. */
export const MEASURES = [
  'proxy',
  'source',
  'address',
  'milliseconds',
  'tls-version',
  'issuer',
  'expected-issuer',
  'valid-until',
  'names',
  'fingerprint',
  'http-status',
  'http-server',
  'aggregator-version',
  'protocol',
  'task',
  'skew-seconds',
  'key-id',
  'expires-at',
  'path',
  'free-bytes',
  'kind',
  'code',
] as const;
export type Measure = (typeof MEASURES)[number];

/** What is to be examined instead of what this PC is set to; null: that. */
export const doctorWishSchema = z.strictObject({
  /** An address: `wss://HOST:PORT`, `HOST:PORT`, or one of this computer. */
  server: z.string().min(1).max(300).nullable(),
  /** The text of an invitation, which is not used by that. */
  invitation: z.string().min(1).max(MAX_INVITATION_LENGTH).nullable(),
});
export type DoctorWish = z.output<typeof doctorWishSchema>;

/** How a layer stands. `skipped`: it does not apply here; `not-reached`: an earlier one failed. */
export const LAYER_STATUSES = ['passed', 'failed', 'skipped', 'not-reached'] as const;

export const layerReportSchema = z.strictObject({
  layer: z.enum([...WAY_LAYERS, ...PC_LAYERS]),
  status: z.enum(LAYER_STATUSES),
  /** How long it took, milliseconds; null where nothing was done. */
  durationMs: z.number().min(0).nullable(),
  measured: z.array(z.strictObject({ name: z.enum(MEASURES), value: z.string() })),
  /** What is wrong; null unless it failed. */
  verdict: z.enum(DOCTOR_VERDICTS).nullable(),
});
export type LayerReport = z.output<typeof layerReportSchema>;

const verdictReport = z.strictObject({
  verdict: z.enum(DOCTOR_VERDICTS),
  /** What the blanks of its sentence stand for. */
  values: z.record(z.string(), z.string()),
});
export type VerdictReport = z.output<typeof verdictReport>;

/** What the connection doctor found. */
export const doctorReportSchema = z.strictObject({
  at: z.iso.datetime(),
  appVersion: z.string(),
  pc: z.array(layerReportSchema),
  /** One per address tried, in the order in which the agent would. */
  ways: z.array(
    z.strictObject({
      /** `wss://HOST:PORT`, or `ws://…` on this computer. */
      address: z.string(),
      layers: z.array(layerReportSchema),
    }),
  ),
  /** The one thing to tell IT first; `well` where there is nothing. */
  conclusion: verdictReport,
});
export type DoctorReport = z.output<typeof doctorReportSchema>;

/** Whether everything that the agent needs is in order. */
export function isWell({ conclusion }: DoctorReport): boolean {
  return conclusion.verdict === 'well';
}
