/** Makes a photo small away from the page: a large one would hold every press up for seconds. */
const QUALITY = 0.8;

interface Asked {
  file: Blob;
  side: number; // pixels of the longer side
}

const scope = self as unknown as { postMessage(message: unknown, hand: Transferable[]): void };

async function shrink({ file, side }: Asked): Promise<ArrayBuffer> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return (await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY })).arrayBuffer();
}

self.addEventListener('message', (event) => {
  shrink((event as MessageEvent<Asked>).data).then(
    (bytes) => scope.postMessage(bytes, [bytes]),
    () => scope.postMessage(null, []), // the page tries its own way
  );
});
