import { request as httpRequest } from 'node:http';
import { AppError } from '@genba/shared/errors/app-error';
import pino from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../dataset/temporary-folder.ts';
import { HeldModel, judgeOf, SIDES, sidePicture, sidesWeights } from '../judging/fixtures.ts';
import { carryOut } from '../judging/judgement.ts';
import { MAX_BODY_BYTES } from './predict-request.ts';
import { type PredictContext, PredictServer } from './predict-server.ts';
import { predictToken, renewPredictToken, showsToken } from './predict-token.ts';

const TOKEN = 'f'.repeat(64);
const log = pino({ level: 'silent' });

async function served(judge: PredictContext['judge']) {
  const server = new PredictServer({ judge, token: TOKEN, log });
  await server.listen(0, '127.0.0.1');
  onTestFinished(() => server.close());
  const post = (body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${server.port}/predict`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    });
  return { server, post };
}

/** A real judge of pictures that are bright on one side. */
async function realServer() {
  const { root } = temporaryFolder();
  const judge = judgeOf(root, SIDES, new HeldModel(sidesWeights()));
  onTestFinished(() => judge.stop());
  return served(async (subject) => {
    const { model, items } = await carryOut(judge, { subject, parts: false }, async () => undefined);
    return { model, results: items.map(({ line, verdict, problem }) => ({ line, verdict, problem })) };
  });
}

const never: PredictContext['judge'] = () => expect.fail('nothing was to be judged');

describe('POST /predict', () => {
  it('judges a picture as it is, or pictures in JSON, each for itself', async () => {
    const { post } = await realServer();
    const picture = await sidePicture(1);
    const raw = await post(new Uint8Array(picture), { 'content-type': 'image/png' });
    expect(raw.status).toBe(200);
    expect(await raw.json()).toMatchObject({
      model: { model: 'own', globalVersion: 7 },
      results: [{ verdict: { kind: 'class', className: '左' }, problem: null }],
    });
    const images = [picture, Buffer.from('broken'), await sidePicture(0)].map((each) =>
      each.toString('base64'),
    );
    const several = await post(JSON.stringify({ images }));
    expect(await several.json()).toMatchObject({
      results: [
        { verdict: { className: '左' } },
        { verdict: null, problem: { code: 'judging/unreadable' } },
        { verdict: { className: '右' } },
      ],
    });
    const single = await post(`\uFEFF${JSON.stringify({ image: images[2] })}`);
    expect(await single.json()).toMatchObject({ results: [{ verdict: { className: '右' } }] });
    const rows = await post(JSON.stringify({ rows: [{ 温度: 1 }] }));
    expect(await rows.json()).toMatchObject({
      results: [{ line: 1, problem: { code: 'judging/mismatch' } }],
    });
  });

  it('refuses whoever does not show the token, before anything is read', async () => {
    const { post } = await served(never);
    for (const authorization of ['', `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
      const response = await post('{}', { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({
        error: { code: 'predict/unauthorised', message: { en: expect.any(String), ja: expect.any(String) } },
      });
    }
  });

  it('says what is wrong with a request, and never what was in it', async () => {
    const { post, server } = await served(never);
    const wrong: [string, RegExp][] = [
      ['not JSON 秘密', /^not JSON$/],
      ['{}', /"image", "images" or "rows"/],
      ['[]', /"image", "images" or "rows"/],
      ['{"image":"秘密"}', /^image: /],
      ['{"images":[]}', /^images: /],
      ['{"rows":[{"a":{"秘密":1}}]}', /^rows\.0\.a: /],
    ];
    for (const [body, detail] of wrong) {
      const response = await post(body);
      expect(response.status).toBe(400);
      const { error } = (await response.json()) as { error: { code: string; detail: string } };
      expect(error.code).toBe('predict/bad-request');
      expect(error.detail).toMatch(detail);
      expect(error.detail).not.toContain('秘密');
    }
    expect((await post('x', { 'content-type': 'text/plain' })).status).toBe(400);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await fetch(`http://127.0.0.1:${server.port}/predict`, { headers })).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', headers })).status).toBe(404);
  });

  it('reads no more than it can hold, whether a length is announced or not', async () => {
    const { server } = await served(never);
    const send = (announced: boolean) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'image/jpeg',
          ...(announced ? { 'content-length': String(MAX_BODY_BYTES + 1) } : {}),
        };
        const target = { port: server.port, host: '127.0.0.1', path: '/predict', method: 'POST', headers };
        const request = httpRequest(target, (response) => {
          resolve(response.statusCode);
          request.destroy();
        });
        request.on('error', reject);
        if (announced) request.flushHeaders();
        else request.write(Buffer.alloc(MAX_BODY_BYTES + 1));
      });
    expect(await send(true)).toBe(413);
    expect(await send(false)).toBe(413);
  });

  it('has the seventeenth come again while sixteen are answered', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const answer = { model: { model: 'own' as const, globalVersion: 1, rounds: 1 }, results: [] };
    const { post } = await served(async () => {
      await promise;
      return answer;
    });
    const rows = JSON.stringify({ rows: [{ a: 1 }] });
    const waiting = Array.from({ length: 16 }, () => post(rows));
    await expect.poll(async () => (await post(rows)).status).toBe(503);
    const busy = await post(rows);
    expect(busy.headers.get('retry-after')).toBe('1');
    expect(await busy.json()).toMatchObject({ error: { code: 'predict/busy' } });
    resolve();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(16).fill(200));
  });

  it('tells what is missing here from what went wrong, and keeps the latter to itself', async () => {
    const rows = JSON.stringify({ rows: [{ a: 1 }] });
    const missing = await served(() => Promise.reject(new AppError('judging/no-model')));
    expect((await missing.post(rows)).status).toBe(503);
    const broken = await served(() => Promise.reject(new Error('秘密')));
    const response = await broken.post(rows);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('秘密');
  });
});

it('the token lasts until it is renewed, and only the whole of it counts', () => {
  const { root } = temporaryFolder();
  const token = predictToken(root);
  expect(predictToken(root)).toBe(token);
  expect(showsToken(`Bearer ${token}`, token)).toBe(true);
  expect(showsToken(token, token)).toBe(false);
  expect(showsToken(undefined, token)).toBe(false);
  const renewed = renewPredictToken(root);
  expect(renewed).not.toBe(token);
  expect(predictToken(root)).toBe(renewed);
});
