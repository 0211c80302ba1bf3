import { uploadMedia } from "./generated";
import type { Problem, UploadedMedia } from "./generated";

/** Uploads a picture for a post. The response's url is for contents. */
export async function uploadPicture(
  file: Blob | File, options: { signal?: AbortSignal } = {},
): Promise<{ data?: UploadedMedia; error?: Problem }> {
  const { data, error } = await uploadMedia({ body: { file }, signal: options.signal });
  return { data, error };
}

/**
 * Like uploadPicture, and tells how much has been sent. Only XMLHttpRequest can tell that, so it works in browsers
 * only. token is the access token.
 */
export function uploadWithProgress(
  baseUrl: string, token: string, file: File, onProgress: (sent: number, total: number) => void, signal?: AbortSignal,
): Promise<UploadedMedia> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${baseUrl}/v1/media`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Idempotency-Key", crypto.randomUUID());
    request.responseType = "json";
    request.upload.onprogress = (event) => onProgress(event.loaded, event.total);
    request.onload = () => (request.status === 201 ? resolve(request.response as UploadedMedia) : reject(request.response as Problem));
    request.onerror = () => reject(new TypeError("the upload failed"));
    request.onabort = () => reject(signal?.reason);
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}
