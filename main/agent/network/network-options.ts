import { readFileSync } from 'node:fs';
import { AppError } from '@genba/shared/errors/app-error';
import type { Command } from 'commander';
import type { AgentSettings } from '../store/settings.ts';
import { readAuthorities } from './proxy-authorities.ts';
import { type ProxyLogin, readProxySetting, splitLogin } from './proxy-setting.ts';

/** What the command line may say about the way to the aggregator. */
export interface NetworkChoices {
  readonly proxy?: { readonly rest: string; readonly login: ProxyLogin | null };
  readonly proxyUser?: string;
  readonly proxyPasswordFile?: string;
  readonly proxyCa?: string;
}

/** What was chosen: settings to keep, and a login to keep apart from them. */
export interface NetworkSettings {
  readonly settings: Partial<Pick<AgentSettings, 'proxy' | 'proxyAuthorities'>>;
  readonly login: ProxyLogin | null;
}

/** Where a password is looked for when no file is named. */
export const PASSWORD_VARIABLE = 'GENBA_PROXY_PASSWORD';

const STANDARD_INPUT = 0;

/** Adds the options about the way to the aggregator to a command. */
export function addNetworkOptions(command: Command): Command {
  return command
    .option(
      '--proxy <how>',
      'way to the aggregator: system (the default), none, URL of a proxy, or pac+URL of a proxy script',
      proxySetting,
    )
    .option(
      '--proxy-user <name>',
      `user at the proxy; the password comes from a file or ${PASSWORD_VARIABLE}`,
    )
    .option('--proxy-password-file <file>', 'file with that password in its first line; - is standard input')
    .option(
      '--proxy-ca <file>',
      'certificates that a proxy with an https:// address may be signed by; none forgets them',
    );
}

/**
 * What the options chose; nothing where none was given.
 * @throws AppError `proxy/bad-setting`, `proxy/bad-authority`
 */
export function networkSettings(choices: NetworkChoices): NetworkSettings {
  const { proxy, proxyCa } = choices;
  return {
    settings: {
      ...(proxy === undefined ? {} : { proxy: proxy.rest }),
      ...(proxyCa === undefined
        ? {}
        : { proxyAuthorities: proxyCa === 'none' ? null : readAuthorities(proxyCa) }),
    },
    login: loginOf(choices),
  };
}

/** Its error is no `InvalidArgumentError`: commander would repeat what was typed, password included. */
function proxySetting(typed: string): NetworkChoices['proxy'] {
  const split = splitLogin(typed);
  readProxySetting(split.rest);
  return split;
}

function loginOf({ proxy, proxyUser, proxyPasswordFile }: NetworkChoices): ProxyLogin | null {
  if (proxyUser === undefined) {
    if (proxyPasswordFile === undefined) return proxy?.login ?? null;
    throw new AppError('proxy/bad-setting', { detail: '--proxy-password-file without --proxy-user' });
  }
  const password =
    proxyPasswordFile === undefined ? process.env[PASSWORD_VARIABLE] : firstLineOf(proxyPasswordFile);
  if (password !== undefined) return { user: proxyUser, password };
  throw new AppError('proxy/bad-setting', { detail: `no --proxy-password-file and no ${PASSWORD_VARIABLE}` });
}

function firstLineOf(file: string): string {
  try {
    const text = readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8');
    return text.replace(/^\uFEFF/, '').split(/\r?\n/, 1)[0]!;
  } catch (cause) {
    throw new AppError('proxy/bad-setting', { detail: `--proxy-password-file ${file}`, cause });
  }
}
