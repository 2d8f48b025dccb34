// Models look at no more than so many pixels on the longer side; the rest would only cost.
export const SIDE_MAX = 1568;
const BYTES_MAX = 8 * 1024 * 1024;
const QUALITY = 0.88;

function encoded(canvas, kind) {
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("This browser could not make the picture smaller."))), kind, QUALITY);
  });
}

// {blob, width, height, from}: `from` are the sides it had, where it was made smaller.
export async function downscaled(file, kind, name) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${name} cannot be read: the file is damaged.`);
  }
  const { width, height } = bitmap;
  const factor = Math.min(1, SIDE_MAX / Math.max(width, height));
  if (factor === 1 && file.size <= BYTES_MAX) return { blob: new Blob([file], { type: kind }), width, height, from: null };
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * factor));
  canvas.height = Math.max(1, Math.round(height * factor));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  let blob = await encoded(canvas, kind);
  if (blob.size > BYTES_MAX) blob = await encoded(canvas, "image/webp");
  return { blob, width: canvas.width, height: canvas.height, from: { width, height } };
}
