import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addScheduleOptions, givenSchedule, type ScheduleOptions } from './options.ts';

/** What a command line says of the schedule, or the words of its refusal. */
function read(...args: string[]) {
  const said: string[] = [];
  const command = addScheduleOptions(new Command('agent')).exitOverride();
  command.configureOutput({ writeErr: (text) => said.push(text) });
  try {
    return givenSchedule(command.parse(args, { from: 'user' }).opts<ScheduleOptions>());
  } catch {
    return said.join('');
  }
}

describe('the options of the schedule', () => {
  it('reads all of them', () => {
    const args = [
      '--train-when',
      '月-金 22:00-6:00',
      '--sync-when',
      '毎日　２２：００〜６：００',
      '--when-idle',
      '10',
      '--share',
      '50%',
      '--on-battery',
      'train',
    ];
    expect(read(...args, '--threads', '2')).toEqual({
      trainWhen: 'mon-fri 22:00-06:00',
      syncWhen: 'daily 22:00-06:00',
      idleMinutes: 10,
      sharePercent: 50,
      onBattery: 'train',
      threads: 2,
    });
  });

  it('keeps what is not given as it is, and undoes what is', () => {
    expect(read()).toEqual({});
    expect(
      read('--train-when', 'always', '--sync-when', 'いつでも', '--when-idle', 'off', '--threads', 'off'),
    ).toEqual({
      trainWhen: null,
      syncWhen: null,
      idleMinutes: null,
      threads: null,
    });
  });

  it.each([
    [
      ['--train-when', 'mon 25:00-26:00'],
      /"25:00-26:00": not a time of day[\s\S]*「25:00-26:00」が読み取れません/,
    ],
    [['--sync-when', 'nachts'], /"nachts"[\s\S]*「nachts」が読み取れません/],
    [['--share', '4'], /from 5 to 100/],
    [['--share', ''], /from 5 to 100/],
    [['--when-idle', '0'], /from 1 to 240, or off/],
    [['--when-idle', '1.5'], /from 1 to 240, or off/],
    [['--threads', 'all'], /from 1 to 256, or off/],
    [['--on-battery', 'stop'], /pause, train/],
  ])('refuses %j', (args, words) => {
    expect(read(...args)).toMatch(words);
  });
});
