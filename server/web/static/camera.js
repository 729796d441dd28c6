// The camera of a tablet as a scanner. Where the browser cannot read codes itself,
// a library does; it is loaded only when the camera is first opened.
"use strict";

const EVERY = 200; // ms between two looks

// reader is a function that reads a code out of a canvas, or gives "".
export async function reader(library) {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (canvas) => ((await detector.detect(canvas))[0] || { rawValue: "" }).rawValue;
  }
  if (!window.jsQR) await loaded(library);
  return async (canvas) => {
    const seen = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
    const code = window.jsQR(seen.data, seen.width, seen.height, { inversionAttempts: "dontInvert" });
    return code ? code.data : "";
  };
}

function loaded(at) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = at;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
}

// watch shows what the camera sees in a video and calls found with each new code.
// What comes back stops it.
export async function watch(video, library, found) {
  const read = await reader(library);
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  const canvas = document.createElement("canvas");
  let last = "", on = true;
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  (async function look() {
    while (on) {
      await new Promise((done) => setTimeout(done, EVERY));
      if (!video.videoWidth) continue;
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0);
      const code = await read(canvas).catch(() => "");
      if (on && code && code !== last) found(code);
      last = code;
    }
  })();
  return () => {
    on = false;
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    video.hidden = true;
  };
}
