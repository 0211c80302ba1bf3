// What goes over the wire, and with which headers.
import { expect, test } from "./fixtures";

test("all of the console is small, compressed, kept by browsers, and allowed nothing from elsewhere", async ({
  request,
}) => {
  const index = await request.get("/console", { headers: { "Accept-Encoding": "br" } });
  expect(index.headers()["content-security-policy"]).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: " +
      `${new URL(index.url()).origin}; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  );
  const html = await index.text();
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  const found = new Set<string>();
  const queue = [...html.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map((m) => m[1] ?? "");
  let sum = Buffer.byteLength(html);
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const file = await request.get(path, { headers: { "Accept-Encoding": "br" } });
    expect(file.status(), path).toBe(200);
    expect(file.headers()["content-encoding"], path).toBe("br");
    expect(file.headers()["cache-control"], path).toBe("public, max-age=31536000, immutable");
    sum += Number(file.headers()["content-length"]);
    for (const [, name] of (await file.text()).matchAll(/["'`](?:\.\/|assets\/)([\w-]+\.(?:js|css))["'`]/g)) {
      queue.push(`/console/assets/${name ?? ""}`);
    }
  }
  expect(found.size, "the pages that are loaded later are among them").toBeGreaterThan(8);
  expect(sum).toBeLessThanOrEqual(250_000);
  expect((await request.get("/console/assets/nothing.js")).status()).toBe(404);
  expect((await request.get("/console/jobs/anything")).status()).toBe(200);
});
