// Which pictures models take. A file is what its first bytes say, whatever its name is.
export const KINDS = ["image/png", "image/jpeg", "image/webp"];
export const KINDS_SPOKEN = "PNG, JPEG or WebP";
const NAMES = { "image/gif": "a GIF", "image/bmp": "a BMP", "image/svg+xml": "an SVG", "image/heic": "a HEIC", "image/avif": "an AVIF", "application/pdf": "a PDF" };

const begins = (bytes, text, at = 0) => [...text].every((sign, index) => bytes[at + index] === sign.charCodeAt(0));

function kind_of(bytes) {
  if (begins(bytes, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "image/jpeg";
  if (begins(bytes, "RIFF") && begins(bytes, "WEBP", 8)) return "image/webp";
  if (begins(bytes, "GIF8")) return "image/gif";
  if (begins(bytes, "BM")) return "image/bmp";
  if (begins(bytes, "%PDF")) return "application/pdf";
  return "";
}

// The kind of a Blob, or an error that says which ones are taken.
export async function taken_kind(blob, name) {
  const kind = kind_of(new Uint8Array(await blob.slice(0, 16).arrayBuffer()));
  if (KINDS.includes(kind)) return kind;
  throw new Error(`${name || "This file"} ${said(kind || blob.type)}. Pictures must be ${KINDS_SPOKEN}.`);
}

function said(kind) {
  const name = NAMES[kind];
  if (!name) return "is no picture that models take";
  return `is ${name}${kind.startsWith("image/") ? " picture" : ""}`;
}
