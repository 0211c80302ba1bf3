// Compresses the built files in place, as the server embeds them: each asset becomes NAME.br.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const folder = join(process.env.OUT_DIR ?? "../../modules/console/dist", "assets");
let sum = 0;
for (const name of readdirSync(folder)) {
  const content = readFileSync(join(folder, name));
  const packed = brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
  writeFileSync(join(folder, `${name}.br`), packed);
  rmSync(join(folder, name));
  sum += packed.length;
}
const limit = 250_000;
console.log(`${sum} bytes over the wire, of at most ${limit}`);
if (sum > limit) process.exit(1);
