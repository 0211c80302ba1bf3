// compare.mjs BUILT COMMITTED [--write]: fails if the committed build is not that of the sources. What is
// compressed is compared expanded, since versions of Node compress differently. --write makes it so.
import { cpSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const [built, committed, write] = process.argv.slice(2);

function contents(folder) {
  const files = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    files.set(path.slice(folder.length), path.endsWith(".br") ? brotliDecompressSync(content) : content);
  }
  return files;
}

function differences() {
  const [ours, theirs] = [contents(built), contents(committed)];
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return [...names].filter((name) => !ours.get(name)?.equals(theirs.get(name) ?? Buffer.alloc(0)));
}

if (differences().length > 0 && write === "--write") {
  rmSync(committed, { recursive: true });
  cpSync(built, committed, { recursive: true });
}
const wrong = differences();
if (wrong.length > 0) {
  console.error(`The build in ${committed} is not of these sources: make console CONSOLE_ARGS=--write`);
  console.error(wrong.join("\n"));
  process.exit(1);
}
