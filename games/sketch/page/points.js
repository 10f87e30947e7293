/* Points of strokes, three bytes each: see drawing.py. */

export const SIDE = 4096;
export const MOST_POINTS = 128;

/** [[x, y], …], each from 0 to 4095, as bytes. */
export function encode(points) {
  const bytes = new Uint8Array(3 * points.length);
  points.forEach(([x, y], i) => bytes.set([x >> 4, ((x & 15) << 4) | (y >> 8), y & 255], 3 * i));
  return bytes;
}

export function decode(bytes) {
  const points = [];
  for (let i = 0; i + 2 < bytes.length; i += 3) {
    points.push([(bytes[i] << 4) | (bytes[i + 1] >> 4), ((bytes[i + 1] & 15) << 8) | bytes[i + 2]]);
  }
  return points;
}
