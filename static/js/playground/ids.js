// Ids are made here, so that a command sent twice is one thing done. crypto.randomUUID does not
// exist on plain http.
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 22;

export function id(kind) {
  let text = "";
  while (text.length < LENGTH) {
    // Bytes above the last whole round of letters would make the first ones likelier.
    const usable = [...crypto.getRandomValues(new Uint8Array(2 * LENGTH))].filter((byte) => byte < 248);
    text += usable.map((byte) => LETTERS[byte % LETTERS.length]).join("");
  }
  return `${kind}-${text.slice(0, LENGTH)}`;
}
