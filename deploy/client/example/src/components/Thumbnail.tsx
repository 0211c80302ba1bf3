import type { Thumbnail as Picture } from "@38qa/client";
import { getBlurHashAverageColor } from "fast-blurhash";

/** The first picture of a question. Its place and its colour are there before it. */
export function Thumbnail({ picture }: { picture: Picture }) {
  const colour =
    picture.blurHash === undefined
      ? undefined
      : `rgb(${getBlurHashAverageColor(picture.blurHash).join(" ")})`;
  return (
    <img
      className="thumbnail"
      src={picture.url}
      srcSet={picture.srcSet}
      sizes="7rem"
      alt=""
      width={picture.width}
      height={picture.height}
      loading="lazy"
      decoding="async"
      style={{ backgroundColor: colour }}
    />
  );
}
