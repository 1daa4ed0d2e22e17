import type { DoctorLayer, LayerReport, Measure, VerdictReport } from '@genba/shared/local-api/doctor';
import type { DoctorVerdict } from '@genba/shared/local-api/doctor-sentences';

/** Figures of a layer, in the order in which they are shown. */
export type Measured = Readonly<Partial<Record<Measure, string | number>>>;

/** What came of looking at one layer. */
export interface Finding {
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly measured: Measured;
  /** What is wrong; null unless it failed. */
  readonly failure: VerdictReport | null;
  /** Whether the next layers can be looked at although this one failed. */
  readonly isPassable: boolean;
}

/** One thing that the doctor looks at. */
export interface Layer<Subject> {
  readonly layer: DoctorLayer;
  /** Looks, and changes nothing; what it opens belongs to the subject. Never throws. */
  readonly examine: (subject: Subject) => Promise<Finding>;
}

/** The layer is in order. */
export function passed(measured: Measured = {}): Finding {
  return { status: 'passed', measured, failure: null, isPassable: true };
}

/** The layer does not apply here. */
export function skipped(measured: Measured = {}): Finding {
  return { status: 'skipped', measured, failure: null, isPassable: true };
}

/** Something is wrong, and nothing behind it can be reached. */
export function failed(
  verdict: DoctorVerdict,
  values: Readonly<Record<string, string>>,
  measured: Measured = {},
): Finding {
  return {
    status: 'failed',
    measured,
    failure: { verdict, values: { ...values } },
    isPassable: false,
  };
}

/** What a layer came to, and what is to be said of it. */
export interface Examined {
  readonly report: LayerReport;
  readonly failure: VerdictReport | null;
  readonly isBlocked: boolean;
}

/** Looks at the layers in turn, until one is in the way of the others. */
export async function examineLayers<Subject>(
  layers: readonly Layer<Subject>[],
  subject: Subject,
): Promise<Examined[]> {
  const examined: Examined[] = [];
  let isBlocked = false;
  for (const { layer, examine } of layers) {
    if (isBlocked) {
      const report = { layer, status: 'not-reached', durationMs: null, measured: [], verdict: null } as const;
      examined.push({ report: { ...report, measured: [] }, failure: null, isBlocked });
      continue;
    }
    const startedAt = performance.now();
    const finding = await examine(subject);
    const durationMs = finding.status === 'skipped' ? null : Math.round(performance.now() - startedAt);
    isBlocked = !finding.isPassable;
    examined.push({ report: reportOf(layer, finding, durationMs), failure: finding.failure, isBlocked });
  }
  return examined;
}

function reportOf(layer: DoctorLayer, finding: Finding, durationMs: number | null): LayerReport {
  const measured = Object.entries(finding.measured).map(([name, value]) => ({
    name: name as Measure,
    value: `${value}`,
  }));
  return {
    layer,
    status: finding.status,
    durationMs,
    measured,
    verdict: finding.failure?.verdict ?? null,
  };
}
