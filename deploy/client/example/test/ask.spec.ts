import { deflateSync, crc32 } from "node:zlib";
import { announced, expect, test } from "./fixtures";

test("a question with a picture: upload with progress, problems at their fields, and the question", async ({
  page,
  member,
  allow,
}) => {
  void member;
  allow(/status of 422/);
  await page.goto("/");
  await page.getByRole("link", { name: "質問する" }).click();
  await page.getByLabel("題名").fill("短い");
  await page.getByRole("button", { name: "質問を投稿" }).click();
  await expect(page.getByLabel("題名")).toBeFocused();
  await expect(page.getByLabel("題名")).toHaveAccessibleDescription(/12 文字以上で指定してください/);
  await expect(page.getByLabel("カテゴリ")).toHaveAccessibleDescription("必須です");

  // 2 Mbit/s, so that there is some progress to see.
  const network = await page.context().newCDPSession(page);
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 20,
    downloadThroughput: 1e6,
    uploadThroughput: 250_000,
  });
  const seen = new Set<number>();
  await page.exposeFunction("progressed", (value: number) => seen.add(value));
  await page.evaluate(() => {
    new MutationObserver(() => {
      const bar = document.querySelector("progress");
      if (bar) void (Reflect.get(window, "progressed") as (value: number) => void)(bar.value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "巣箱.png", mimeType: "image/png", buffer: noise(500, 300) });
  await expect(announced(page)).toContainText("写真を本文に入れました。");
  expect(
    [...seen].filter((value) => value > 0 && value < 100).length,
    `progress: ${[...seen].join(" ")}`,
  ).toBeGreaterThan(0);
  await network.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: -1,
  });
  await expect(page.getByLabel("本文")).toHaveValue(/!\[巣箱\]\(http/);

  await page.getByLabel("題名").fill("この巣箱の置き場所は良いでしょうか");
  await page.getByLabel("カテゴリ").selectOption({ label: "はちみつ・honey" });
  await page.getByLabel("タグ").fill("巣箱、 置き場所");
  await page.getByRole("button", { name: "質問を投稿" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("この巣箱の置き場所は良いでしょうか");
  const picture = page.locator(".post-text img");
  await expect(picture).toHaveAttribute("width", /^\d+$/);
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
  await expect(page.locator(".question .tag")).toHaveText(["巣箱", "置き場所"]);
});

test("what is no picture is refused in words", async ({ page, member, allow }) => {
  void member;
  allow(/status of 4\d\d/);
  await page.goto("/ask");
  await page
    .locator("input[type=file]")
    .setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(page.getByRole("alert")).toHaveText(/画像/);
});

test("visitors are led to sign in first, and what was written stays", async ({ page, member }) => {
  await page.goto("/ask");
  await page.getByLabel("題名").fill("途中まで書いた質問の題名です");
  await page.getByRole("button", { name: "ログアウト" }).click();
  await page.getByRole("main").getByRole("link", { name: "ログイン" }).click();
  await page.getByLabel("名前またはメールアドレス").fill(member.email);
  await page.getByLabel("パスワード").fill(member.password);
  await page.getByRole("button", { name: "ログイン" }).click();
  await expect(page).toHaveURL(/\/ask$/);
  await expect(page.getByLabel("題名")).toHaveValue("途中まで書いた質問の題名です");
});

/** A PNG of random pixels, which cannot be made smaller. */
function noise(width: number, height: number): Buffer {
  const row = 1 + 3 * width;
  const pixels = Buffer.alloc(row * height, 0);
  for (let i = 0; i < pixels.length; i++) if (i % row !== 0) pixels[i] = Math.floor(Math.random() * 256);
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(pixels)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
