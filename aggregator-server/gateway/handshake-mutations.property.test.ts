import fc from 'fast-check';
import { expect, it } from 'vitest';
import { listGuests } from '../operations/devices.ts';
import { startEnrolled } from '../testing/enrolled-bench.ts';
import { catalogueContent } from '../testing/gateway-bench.ts';
import { TestDevice } from '../testing/test-device.ts';

const RUNS = 150;

/** Changes, cuts or adds bytes of a text at some place. */
const edit = fc.record({
  kind: fc.constantFrom('overwrite', 'cut', 'insert'),
  place: fc.nat(),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

it(`lets nobody in by ${RUNS} mutated answers to a challenge, and goes on working`, async () => {
  const server = await startEnrolled({ limits: { failuresPerAddress: 10 * RUNS, unknownCodes: 10 * RUNS } });
  const enrolled = await server.enrolled();
  const { code } = await server.invite();
  const before = {
    guests: await listGuests(server.dataFolder),
    content: catalogueContent(server.dataFolder),
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('proof', 'enrol'), edit, async (kind, { kind: how, place, bytes }) => {
      const device = kind === 'proof' ? enrolled : new TestDevice();
      const challenged = await device.challenged(server);
      const answer = kind === 'proof' ? device.proof(challenged) : device.enrolment(challenged, code);
      const text = Buffer.from(JSON.stringify(answer));
      const at = place % text.byteLength;
      const [head, tail] = [
        text.subarray(0, at),
        text.subarray(how === 'insert' ? at : at + bytes.byteLength),
      ];
      const mutated = Buffer.concat(how === 'cut' ? [head, tail] : [head, bytes, tail]);
      fc.pre(!mutated.equals(text));
      challenged.client.sendTextBytes(mutated);
      await challenged.client.expect('error');
      expect(await challenged.client.closed).toBe(1008);
    }),
    { numRuns: RUNS },
  );
  expect(await listGuests(server.dataFolder)).toEqual(before.guests);
  expect(catalogueContent(server.dataFolder)).toEqual(before.content);
  await enrolled.join(server);
  await new TestDevice().enrol(server, code);
}, 120_000);
