// Uploads a picture while the text is still being written, and shows how far it is.
import { uploadWithProgress } from "@38qa/client";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { connection } from "../api/connection";
import { asProblem, sentence } from "../api/failure";
import { useTexts } from "../texts/language";
import { useAnnounce } from "./Announcer";

export function PictureField({
  limit,
  onPicture,
  onBusy,
}: {
  /** Of the largest picture, in bytes. */
  limit: number;
  onPicture: (url: string, name: string) => void;
  onBusy: (busy: boolean) => void;
}) {
  const t = useTexts();
  const id = useId();
  const announce = useAnnounce();
  const input = useRef<HTMLInputElement>(null);
  const leaving = useRef<AbortController>(undefined);
  const [percent, setPercent] = useState(0);
  const [preview, setPreview] = useState<string>();
  const upload = useMutation({
    mutationFn: (file: File) => {
      leaving.current = new AbortController();
      return uploadWithProgress(
        connection,
        file,
        (sent, total) => setPercent(Math.round((100 * sent) / total)),
        leaving.current.signal,
      );
    },
    onMutate: (file) => {
      onBusy(true);
      setPercent(0);
      setPreview(URL.createObjectURL(file));
    },
    onError: () => setPreview(undefined),
    onSuccess: ({ url }, file) => {
      announce(t.uploaded);
      onPicture(url, file.name.replace(/\.\w+$/, "").replace(/[[\]\\]/g, ""));
    },
    onSettled: () => {
      onBusy(false);
      if (input.current) input.current.value = "";
    },
  });
  useEffect(() => () => leaving.current?.abort(), []);
  useEffect(
    () => () => {
      if (preview !== undefined) URL.revokeObjectURL(preview);
    },
    [preview],
  );
  const refusal = asProblem(upload.error)?.errors?.[0]?.message ?? sentence(upload.error, t);
  return (
    <div className="field">
      <span className="label" id={`${id}-label`}>
        {t.fieldPicture}
      </span>
      <p id={`${id}-hint`} className="hint">
        {t.fieldPictureHint(Math.floor(limit / 1024 / 1024))}
      </p>
      <div className="picture">
        {preview !== undefined && <img src={preview} alt="" />}
        <label className="button">
          {t.addPicture}
          <input
            ref={input}
            className="unseen"
            type="file"
            accept="image/jpeg,image/png,image/gif,image/webp"
            disabled={upload.isPending}
            aria-invalid={upload.isError}
            aria-describedby={`${id}-hint${upload.isError ? ` ${id}-problem` : ""}`}
            onChange={(event) => {
              const file = event.target.files?.[0];
              if (file) upload.mutate(file);
            }}
          />
        </label>
        {upload.isPending && <progress max={100} value={percent} aria-label={t.uploading(percent)} />}
        {upload.isPending && <span className="hint">{t.uploading(percent)}</span>}
        {upload.isSuccess && <span className="hint">{t.uploaded}</span>}
      </div>
      {upload.isError && (
        <p id={`${id}-problem`} className="wrong" role="alert">
          {refusal}
        </p>
      )}
    </div>
  );
}
