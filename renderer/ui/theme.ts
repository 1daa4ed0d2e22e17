import { createTheme } from '@mantine/core';

/** Fonts that Windows, macOS and Linux bring along; Japanese ones first, nothing is fetched. */
const FONTS =
  '"Yu Gothic UI", "Meiryo", "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", system-ui, sans-serif';

/** Mantine dressed as the rest of the window; colours proper live in `window.css`. */
export const theme = createTheme({
  fontFamily: FONTS,
  headings: { fontFamily: FONTS, fontWeight: '650' },
  primaryColor: 'pine',
  primaryShade: 7,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  colors: {
    pine: [
      '#eef7f2',
      '#dcece4',
      '#b8dac9',
      '#8fc5ab',
      '#63ac8b',
      '#3f9270',
      '#217a59',
      '#0f6848',
      '#0b563b',
      '#073f2b',
    ],
  },
});

/** Line colours, told apart by lightness as well as by hue; each also has its own dash. */
export const LINE_COLORS = { own: '#0f6848', check: '#3465b5', third: '#9a4b00' } as const;
