// Runs the samples in the files named, one after the other; prints {file, error} as lines of JSON.
// What a sample prints is left out.
const tell = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;
console.log = console.error = () => {};
for (const file of process.argv.slice(2)) {
  let error = "";
  try {
    await import(file);
  } catch (caught) {
    error = String(caught?.stack ?? caught);
  }
  tell(JSON.stringify({ file, error }) + "\n");
}
