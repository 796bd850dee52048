/** The phone's camera as a browser gives it. */

export type Facing = "environment" | "user";

interface StillCamera { takePhoto(): Promise<Blob> }
declare const ImageCapture: { new (track: MediaStreamTrack): StillCamera } | undefined;

/** Some phones never answer takePhoto(): after so long (ms) the picture on the screen is taken instead. */
const STILL_PATIENCE_MS = 4000;
const JPEG_QUALITY = 0.92;

export async function openCamera(facing: Facing): Promise<MediaStream> {
  const wanted = { facingMode: { ideal: facing }, width: { ideal: 4096 }, height: { ideal: 3072 } };
  return navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
}

export function closeCamera(stream: MediaStream | null): void {
  stream?.getTracks().forEach((track) => track.stop());
}

function inTime<T>(work: Promise<T>, patience: number): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("the camera did not answer")), patience));
  return Promise.race([work, late]);
}

/** Factor that brings the longer side to `maxPixels`; never enlarges. */
export function shrinkFactor(width: number, height: number, maxPixels: number | null): number {
  return maxPixels === null ? 1 : Math.min(1, maxPixels / Math.max(width, height, 1));
}

function frameOf(video: HTMLVideoElement, maxPixels: number | null): Promise<Blob> {
  const factor = shrinkFactor(video.videoWidth, video.videoHeight, maxPixels);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * factor);
  canvas.height = Math.round(video.videoHeight * factor);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))), "image/jpeg", JPEG_QUALITY);
  });
}

/** The sensor's own still where the phone offers it and the form does not limit the size, else the picture on the screen. */
export async function shoot(video: HTMLVideoElement, stream: MediaStream, maxPixels: number | null): Promise<Blob> {
  const [track] = stream.getVideoTracks();
  if (track && maxPixels === null && typeof ImageCapture !== "undefined") {
    try {
      return await inTime(new ImageCapture(track).takePhoto(), STILL_PATIENCE_MS);
    } catch {
      // Not every phone can: the frame below is always there.
    }
  }
  return frameOf(video, maxPixels);
}

/** Pixel size of a picture; null where the browser cannot decode it (it is kept all the same). */
export async function sizeOf(bytes: Blob): Promise<{ width: number | null; height: number | null }> {
  try {
    const picture = await createImageBitmap(bytes);
    const { width, height } = picture;
    picture.close();
    return { width, height };
  } catch {
    return { width: null, height: null };
  }
}
