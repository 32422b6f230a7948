/** Playing by WebCodecs: the page's side of the worker. */
import type { Asked, Heard, Player, StreamName, Told } from "./messages.ts";

/** VideoDecoder is there on secure origins only (https, localhost). */
export const canPlayOnCanvas = (): boolean =>
  typeof VideoDecoder === "function" && "transferControlToOffscreen" in HTMLCanvasElement.prototype;

let worker: Worker | undefined;
let numbers = 0;
const pictures = new Map<number, CanvasPlayer>();

function ask(asked: Asked, transfer: Transferable[] = []): void {
  if (!worker) {
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Told>) => pictures.get(data.picture)?.hear(data);
  }
  worker.postMessage(asked, transfer);
}

export class CanvasPlayer implements Player {
  readonly path = "webcodecs";
  readonly view = document.createElement("canvas");
  readonly #number = ++numbers;
  readonly #heard: Heard;
  #requests = 0;
  readonly #photographs = new Map<number, (made: ImageBitmap | null) => void>();

  constructor(heard: Heard, measure: boolean) {
    this.#heard = heard;
    pictures.set(this.#number, this);
    const canvas = this.view.transferControlToOffscreen();
    ask({ do: "make", picture: this.#number, canvas, measure }, [canvas]);
  }

  show(stream: StreamName, address: string): void {
    ask({ do: "show", picture: this.#number, stream, address });
  }

  pause(): void {
    ask({ do: "pause", picture: this.#number });
  }

  hurry(): void {
    ask({ do: "hurry", picture: this.#number });
  }

  close(): void {
    ask({ do: "forget", picture: this.#number });
    pictures.delete(this.#number);
    for (const answer of this.#photographs.values()) answer(null);
  }

  async photograph(): Promise<ImageData | undefined> {
    const request = ++this.#requests;
    const made = await new Promise<ImageBitmap | null>((answer) => {
      this.#photographs.set(request, answer);
      ask({ do: "photograph", picture: this.#number, request });
    });
    return made ? pixelsOf(made, made.width, made.height) : undefined;
  }

  hear(told: Told): void {
    if ("progress" in told) this.#heard.progress(told.progress);
    else if ("note" in told) this.#heard.note(told.note);
    else if ("connected" in told) this.#heard.connected(told.connected, told.reason);
    else {
      this.#photographs.get(told.request)?.(told.photograph);
      this.#photographs.delete(told.request);
    }
  }
}

export function pixelsOf(source: CanvasImageSource, width: number, height: number): ImageData | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  ink?.drawImage(source, 0, 0, width, height);
  return ink?.getImageData(0, 0, width, height);
}
