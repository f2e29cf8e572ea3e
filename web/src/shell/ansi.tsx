// The colours that programs print, as spans; other control codes are left out.
import type { ReactNode } from 'react';

const CODES = /\u001b\[([0-9;?]*)([A-Za-z])/g;
const COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

interface Style {
  color?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
}

export interface Part {
  text: string;
  className?: string;
}

export const plainText = (text: string) => text.replace(CODES, '');

function applied(old: Style, codes: number[]): Style {
  let style = { ...old };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 0) style = {};
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) style.color = COLORS[code % 10];
    else if (code === 39) style.color = undefined;
    // A colour of 256 or of 16 million: its arguments are not codes.
    else if (code === 38 || code === 48) i += codes[i + 1] === 2 ? 4 : 2;
  }
  return style;
}

const classOf = ({ color, ...rest }: Style) =>
  [color && `ansi-${color}`, ...Object.entries(rest).map(([name, on]) => on && `ansi-${name}`)].filter(Boolean).join(' ') ||
  undefined;

export function parts(text: string): Part[] {
  if (!text.includes('\u001b')) return [{ text }];
  const found: Part[] = [];
  let style: Style = {};
  let at = 0;
  for (const match of text.matchAll(CODES)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), className: classOf(style) });
    if (match[2] === 'm') style = applied(style, (match[1] || '0').split(';').map(Number));
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), className: classOf(style) });
  return found;
}

/** Draws the parts; `draw` may mark what is in them. */
export const coloured = (text: string, draw: (text: string) => ReactNode): ReactNode =>
  parts(text).map((part, index) =>
    part.className ? (
      <span key={index} className={part.className}>
        {draw(part.text)}
      </span>
    ) : (
      <span key={index}>{draw(part.text)}</span>
    ),
  );
