import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { type AdmissionChoices, addAdmissionOptions, admissionLimitsOf } from './admission-options.ts';
import { DEFAULT_ADMISSION_LIMITS } from './gateway/admission-limits.ts';

function read(...line: string[]) {
  const command = addAdmissionOptions(new Command())
    .addOption(new Option('--open-loopback'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return admissionLimitsOf(command.parse(line, { from: 'user' }).opts<AdmissionChoices>());
}

describe('the options of admission', () => {
  it('name nothing by themselves, so that the defaults stay what they are', () => {
    expect(read()).toEqual({});
    const help = addAdmissionOptions(new Command()).helpInformation();
    for (const usual of ['60', '300', '100', '600', '1024', '256', '120', '30'])
      expect(help).toMatch(new RegExp(`\\(default:\\s+${usual}\\)`));
  });

  it('set every limit there is', () => {
    const limits = read(
      ...['--max-failures', '1', '--failure-window', '2', '--max-unknown-codes', '3'],
      ...['--unknown-code-window', '4', '--max-pending', '5', '--max-pending-per-address', '6'],
      ...['--max-offers', '7', '--handshake-seconds', '8'],
    );
    expect(limits).toEqual({
      failuresPerAddress: 1,
      failureWindowS: 2,
      unknownCodes: 3,
      unknownCodeWindowS: 4,
      pendingConnections: 5,
      pendingPerAddress: 6,
      offersPerMinute: 7,
      handshakeMs: 8000,
    });
    expect(Object.keys(limits).sort()).toEqual(Object.keys(DEFAULT_ADMISSION_LIMITS).sort());
  });

  it.each(['0', '-1', '1.5', 'many', '', '1000001'])('refuse %j', (value) => {
    expect(() => read('--max-failures', value)).toThrow('from 1 to 1000000');
  });

  it('are refused where they would mean nothing', () => {
    expect(() => read('--open-loopback', '--max-offers', '9')).toThrow('cannot be used with');
  });
});
