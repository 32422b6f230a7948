/** The live picture's bytes, as telemetry/live.py defines them. All numbers are big-endian. */

export interface Frame {
  sequence: number;
  /** Of the camera's clock, from an arbitrary start. */
  timestampUs: number;
  keyframe: boolean;
  droppedBefore: boolean;
  /** One access unit, H.264 Annex B. */
  data: Uint8Array;
}

export class RecordError extends Error {}

const VERSION = 1;
const HEADER_BYTES = 16;
const PREFIX_BYTES = 4 + HEADER_BYTES;

/** The records of one message. */
export function framesOf(message: ArrayBuffer): Frame[] {
  const view = new DataView(message);
  const frames: Frame[] = [];
  let at = 0;
  while (at < view.byteLength) {
    if (view.byteLength - at < PREFIX_BYTES) throw new RecordError("a record is cut off within its header");
    const size = view.getUint32(at) - HEADER_BYTES;
    const version = view.getUint8(at + 4);
    if (version !== VERSION) throw new RecordError(`record version ${version} is not known here`);
    if (size <= 0 || view.byteLength - at - PREFIX_BYTES < size)
      throw new RecordError("a record is cut off within its access unit");
    const flags = view.getUint8(at + 5);
    frames.push({
      sequence: view.getUint32(at + 8),
      timestampUs: Number(view.getBigUint64(at + 12)),
      keyframe: (flags & 1) !== 0,
      droppedBefore: (flags & 2) !== 0,
      data: new Uint8Array(message, at + PREFIX_BYTES, size),
    });
    at += PREFIX_BYTES + size;
  }
  return frames;
}

export interface Segment {
  sequence: number;
  init: boolean;
  /** Fragmented MP4: an init segment, or one or more moof and mdat. */
  data: Uint8Array<ArrayBuffer>;
}

/** A message of the MSE mode. */
export function segmentOf(message: ArrayBuffer): Segment {
  if (message.byteLength <= 8) throw new RecordError("a segment is cut off within its header");
  const view = new DataView(message);
  return { sequence: view.getUint32(0), init: (view.getUint32(4) & 1) !== 0, data: new Uint8Array(message, 8) };
}

/** Everything up to this sequence has been processed. */
export function ackOf(sequence: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(5);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint32(1, sequence >>> 0);
  return bytes;
}

export interface Note {
  type: "stream" | "trouble" | "end";
  codec: string;
  width: number;
  height: number;
  reason: string;
  detail: string;
}

export function noteOf(text: string): Note {
  let told: Partial<Note> | null;
  try {
    told = JSON.parse(text) as Partial<Note> | null;
  } catch (error) {
    throw new RecordError(`not a note: ${error}`);
  }
  const type = told?.type;
  if (type !== "stream" && type !== "trouble" && type !== "end") throw new RecordError("not a note");
  return {
    type,
    codec: String(told?.codec ?? ""),
    width: Number(told?.width ?? 0),
    height: Number(told?.height ?? 0),
    reason: String(told?.reason ?? ""),
    detail: String(told?.detail ?? ""),
  };
}

const SPS = 7;

/** The RFC 6381 string of an access unit that carries a sequence parameter set; "" for one that does not. */
export function codecOf(unit: Uint8Array): string {
  for (let at = 0; at + 6 < unit.length; at += 1) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1) continue;
    if (((unit[at + 3] ?? 0) & 0x1f) === SPS) {
      return `avc1.${[...unit.subarray(at + 4, at + 7)].map((each) => each.toString(16).padStart(2, "0")).join("")}`;
    }
    at += 2;
  }
  return "";
}
