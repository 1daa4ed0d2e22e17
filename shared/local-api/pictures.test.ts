import { describe, expect, it } from 'vitest';
import { pictureAddress, readPictureAddress } from './pictures.ts';

const PICTURE = 'a1'.repeat(32);
const KEY = '0f'.repeat(32);

describe('the address of a picture', () => {
  it('is read as it was written', () => {
    const request = { picture: PICTURE, size: 'small', key: KEY } as const;
    const address = pictureAddress('http://127.0.0.1:4000', request);
    expect(readPictureAddress(address.slice('http://127.0.0.1:4000'.length))).toEqual(request);
  });

  it.each([
    ['another path', `/picture/${PICTURE}?size=small&key=${KEY}`],
    ['no picture', `/pictures/?size=small&key=${KEY}`],
    ['a path for a picture', `/pictures/../agent.json?size=small&key=${KEY}`],
    ['an encoded path', `/pictures/%2e%2e%2fagent.json?size=small&key=${KEY}`],
    ['more behind the picture', `/pictures/${PICTURE}/x?size=small&key=${KEY}`],
    ['another size', `/pictures/${PICTURE}?size=9000&key=${KEY}`],
    ['no key', `/pictures/${PICTURE}?size=small`],
    ['a field too many', `/pictures/${PICTURE}?size=small&key=${KEY}&path=x`],
    ['another picture in the query', `/pictures/x?size=small&key=${KEY}&picture=`],
  ])('is none with %s', (_, address) => {
    expect(readPictureAddress(address)).toBeNull();
  });
});
