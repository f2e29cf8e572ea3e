// Files as the API carries them.
export function decode(base64: string): Uint8Array {
  const text = atob(base64);
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}

export function encode(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export const encodeText = (text: string) => encode(new TextEncoder().encode(text));

/** The text of a file; null where it is none. */
export function textOf(base64: string): string | null {
  const bytes = decode(base64);
  if (bytes.subarray(0, 8000).includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
