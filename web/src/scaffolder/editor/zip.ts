// A folder as one file to take along: a ZIP archive whose entries are not compressed, as templates are small.
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function record(size: number, fields: [offset: number, bytes: 2 | 4, value: number][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  for (const [offset, bytes, value] of fields)
    if (bytes === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
  return new Uint8Array(view.buffer);
}

// 1980-01-01, the first day a ZIP archive knows.
const DAY = 0x21;
const UTF8 = 0x800;

export function zip(files: [path: string, content: Uint8Array][]): Blob {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [path, content] of files) {
    const name = new TextEncoder().encode(path);
    const [crc, size] = [crc32(content), content.length];
    const head = record(30, [[0, 4, 0x04034b50], [4, 2, 20], [6, 2, UTF8], [12, 2, DAY], [14, 4, crc], [18, 4, size], [22, 4, size], [26, 2, name.length]]);
    directory.push(
      record(46, [[0, 4, 0x02014b50], [4, 2, 20], [6, 2, 20], [8, 2, UTF8], [14, 2, DAY], [16, 4, crc], [20, 4, size], [24, 4, size], [28, 2, name.length], [42, 4, at]]),
      name,
    );
    parts.push(head, name, content);
    at += head.length + name.length + size;
  }
  const size = directory.reduce((sum, each) => sum + each.length, 0);
  const end = record(22, [[0, 4, 0x06054b50], [8, 2, files.length], [10, 2, files.length], [12, 4, size], [16, 4, at]]);
  return new Blob([...parts, ...directory, end] as BlobPart[], { type: 'application/zip' });
}
