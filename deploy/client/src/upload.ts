import { uploadMedia } from "./generated/index.js";
import type { Problem, UploadedMedia } from "./generated/index.js";
import type { Connection } from "./connect.js";
import { newKey } from "./send.js";

/** Uploads a picture for a post. The response's url is for contents. */
export async function uploadPicture(
  file: Blob | File, options: { signal?: AbortSignal } = {},
): Promise<{ data?: UploadedMedia; error?: Problem }> {
  const { data, error } = await uploadMedia({ body: { file }, signal: options.signal });
  return { data, error };
}

/**
 * Like uploadPicture, and tells how much has been sent. Only XMLHttpRequest can tell that, so it works in browsers
 * only. It throws the problem if the picture is refused.
 */
export async function uploadWithProgress(
  connection: Connection, file: File, onProgress: (sent: number, total: number) => void, signal?: AbortSignal,
): Promise<UploadedMedia> {
  const token = await connection.token();
  const visitor = await connection.visitor.load();
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${connection.baseUrl}/v1/media`);
    if (token !== null) request.setRequestHeader("Authorization", `Bearer ${token}`);
    if (visitor !== null) request.setRequestHeader("Visitor-Token", visitor);
    const language = connection.language();
    if (language !== undefined) request.setRequestHeader("Accept-Language", language);
    request.setRequestHeader("Idempotency-Key", newKey());
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.onload = async () => {
      const given = request.getResponseHeader("Visitor-Token");
      if (given !== null) await connection.visitor.save(given);
      if (request.status === 201) resolve(request.response as UploadedMedia);
      else reject((request.response as Problem | null) ?? new Error(`the upload was refused with ${request.status}`));
    };
    request.onerror = () => reject(new TypeError("the upload failed"));
    request.onabort = () => reject(signal?.reason);
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}
