// Reads QR codes from a camera: by the browser's own detector, or by jsQR from this site.

const EVERY_MS = 120;
const WIDEST_PX = 800; // for jsQR; more takes longer than it finds

export class Camera {
  #video;
  #found;
  #stream = null;
  #timer = 0;
  #read = null;

  // `found` is called with each code that is seen, as often as it is seen.
  constructor(video, found, jsQR) {
    this.#video = video;
    this.#found = found;
    this.jsQR = jsQR;
  }

  get runs() {
    return this.#stream !== null;
  }

  // Raises what getUserMedia raises.
  async start() {
    this.#stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    this.#video.srcObject = this.#stream;
    await this.#video.play();
    this.#read ??= await reader(this.jsQR);
    this.#look();
  }

  stop() {
    clearTimeout(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  light(on) {
    return this.#track?.applyConstraints({ advanced: [{ torch: on }] });
  }

  async #look() {
    if (!this.runs) return;
    if (this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !document.hidden) {
      const code = await this.#read(this.#video).catch(() => "");
      if (code && this.runs) this.#found(code);
    }
    this.#timer = setTimeout(() => this.#look(), EVERY_MS);
  }
}

async function reader(jsQR) {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? "";
  }
  await script(jsQR);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDEST_PX / video.videoWidth);
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? "";
  };
}

function script(address) {
  return new Promise((resolve, reject) => {
    const made = document.createElement("script");
    made.src = address;
    made.onload = resolve;
    made.onerror = reject;
    document.head.append(made);
  });
}
